"""The sandbox's writer of threads: an opening, what goes wrong, why, what to do, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.domain.taxonomy import FACTORS, LENGTHS, TOPICS, Arm
from actors.sandbox.model_words import Fact, arcs, stock
from actors.sandbox.model_writer import capital, obeyed, pick, read_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from actors.sandbox.model_task import Task

LEAST, MOST = 120, 230
"""Characters of a part."""

HASTE = 0.04
"""Chance that one part of a thread is a stub, or goes on for too long."""

FEWEST, USUAL, MOST_PARTS = 2, 5, 8

_DRAFTS = 300

Said = dict[str, str]


def thread(task: Task, rng: np.random.Generator) -> list[str]:
    """Write the parts of a thread as the task orders, mostly."""
    order, sentences = read_order(task.order), arcs()
    arm = Arm(**{factor: obeyed(order.wanted.get(factor), values, rng) for factor, values in FACTORS.items()})
    style = obeyed(_asked(task, "style", sentences.styles), tuple(sentences.styles), rng)
    emotion = obeyed(_asked(task, "emotion", sentences.emotions), tuple(sentences.emotions), rng)
    count = task.parameters.get("parts", "")
    parts = max(FEWEST, min(int(count) if count.isdigit() else USUAL, MOST_PARTS))
    facts = stock().facts[arm.topic]
    first, second, third = (facts[int(i)] for i in rng.permutation(len(facts))[:3])
    said = [_said(arm, (first, second, third), wording, pick(stock().persons, rng)) for wording in _shuffled_pair(rng)]
    written = [
        _fitting(scene, arm.length, said[number > 0], order.avoided if number == 0 else (), rng)
        for number, scene in enumerate(_scenes(parts, arm, style, emotion))
    ]
    return _hasty(written, rng)


def _asked(task: Task, name: str, options: Mapping[str, object]) -> str | None:
    asked = task.parameters.get(name)
    return asked if asked in options else None


def _scenes(parts: int, arm: Arm, style: str, emotion: str) -> list[Callable[[np.random.Generator], str]]:
    """Return for each part what gives a template of it."""
    words, sentences = stock(), arcs()
    voice = words.voices[arm.generator]

    def opening(rng: np.random.Generator) -> str:
        return f"{pick(words.hooks[arm.hook], rng)} {pick(sentences.styles[style], rng)}"

    def trap(rng: np.random.Generator) -> str:
        return pick(sentences.emotions[emotion], rng)

    def reason(rng: np.random.Generator) -> str:
        return f"{pick(voice.frames, rng)} {pick(sentences.reasons, rng)}"

    def action(rng: np.random.Generator) -> str:
        line = f" {pick(voice.lines, rng)}" if rng.random() < 1 / 3 else ""
        return pick(sentences.actions, rng) + line

    def ending(rng: np.random.Generator) -> str:
        return pick(sentences.endings[emotion], rng)

    middle = [trap, *((reason, action)[number % 2] for number in range(MOST_PARTS))]
    return [opening, *middle[: parts - 2], ending]


def _fitting(
    scene: Callable[[np.random.Generator], str],
    length: str,
    said: Said,
    avoided: tuple[str, ...],
    rng: np.random.Generator,
) -> str:
    """Write drafts of one part until one has the length and opens as nothing to be avoided, else the closest."""
    least, most = max(LEAST, LENGTHS[length][0]), min(MOST, LENGTHS[length][1])
    best, best_miss = "", float("inf")
    for _ in range(_DRAFTS):
        text = scene(rng).format(**said)
        miss = max(least - len(text), len(text) - most, 0) + 1000 * text.casefold().startswith(avoided)
        if miss < best_miss:
            best, best_miss = text, miss
        if not miss:
            break
    return best


def _shuffled_pair(rng: np.random.Generator) -> tuple[int, int]:
    """Return which wording of each fact the opening has, and which the other parts have."""
    first = int(rng.integers(2))
    return first, 1 - first


def _said(arm: Arm, facts: tuple[Fact, Fact, Fact], wording: int, person: str) -> Said:
    """Return what the places of a template stand for. All parts of a thread are about the same first fact."""
    first, second, third = facts
    said = {
        "name": TOPICS[arm.topic],
        "person": person,
        "do": first.do[wording % len(first.do)],
        "why": first.why[wording % len(first.why)],
        "so": first.so,
        "skip": first.skip,
        "belief": first.belief,
        "trouble": first.trouble,
        "other": second.do[wording % len(second.do)],
        "why_other": second.why[wording % len(second.why)],
        "last": third.do[wording % len(third.do)],
    }
    return said | {key.capitalize(): capital(value) for key, value in said.items()}


def _hasty(parts: list[str], rng: np.random.Generator) -> list[str]:
    """Spoil one part now and then."""
    chance, place = rng.random(), 1 + int(rng.integers(len(parts) - 1))
    if chance < HASTE:
        parts[place] = pick(arcs().stubs, rng)
    elif chance > 1 - HASTE:
        parts[place] += " " + parts[place - 1].partition(". ")[0].rstrip(".?!") + "."
    return parts
