"""The sandbox's writer: follows a brief as a fair model would, most of the time, from a grammar.

It reads the brief as any model would, from the messages. Each parameter is obeyed with a chance of 88 %, so that a
reader of the text meets the same kind of label noise as with a real model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.taxonomy import FACTORS, LENGTHS, TONES, TOPICS, Arm
from actors.sandbox.model_words import Fact, stock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np

OBEDIENCE = 0.88
"""Chance to obey one parameter; models that follow such briefs are right in 85 to 90 % of the cases."""

_DRAFTS = 400
_PARAMETER = {
    factor: re.compile(rf"^{label}:\s*(\w+)", re.MULTILINE)
    for factor, label in [("generator", "voice"), *((name, name) for name in FACTORS if name != "generator")]
}
_TONE = re.compile(r"^tone:\s*(\w+)", re.MULTILINE)
_AVOIDED = re.compile(r"^avoid opening:\s*(.+)$", re.MULTILINE)
_CLUSTER_OF = {tone: cluster for cluster, tones in TONES.items() for tone in tones}


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for; a parameter that the messages do not name is missing."""

    wanted: dict[str, str]
    tone: str
    avoided: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Draft:
    """The pieces one attempt is built of."""

    hook: str
    reason: str
    action: str | None
    outcome: str
    closer: str
    line: str
    does: tuple[str, ...]
    fact: Fact


def read_order(text: str) -> Order:
    """Find the parameters of a brief in the text of the messages; unknown values count as missing."""
    found = {factor: pattern.search(text) for factor, pattern in _PARAMETER.items()}
    wanted = {factor: match.group(1) for factor, match in found.items() if match and match.group(1) in FACTORS[factor]}
    tone = _TONE.search(text)
    avoided = tuple(line.strip().casefold() for line in _AVOIDED.findall(text))
    return Order(wanted, tone.group(1) if tone else "", avoided)


def write(order: Order, rng: np.random.Generator) -> str:
    """Write one post: the first draft of fitting length that opens as nothing to be avoided, else the closest."""
    arm = Arm(**{factor: obeyed(order.wanted.get(factor), values, rng) for factor, values in FACTORS.items()})
    least, most = LENGTHS[arm.length]
    best, best_miss = "", float("inf")
    for _ in range(_DRAFTS):
        text = _lay_out(arm.format, _draft(arm, order.tone, rng), rng)
        length = len(text) + text.count("•")
        miss = max(least - length, length - most, 0) + 1000 * text.casefold().startswith(order.avoided)
        if miss < best_miss:
            best, best_miss = text, miss
        if not miss:
            break
    return best


def obeyed(wanted: str | None, values: Sequence[str], rng: np.random.Generator) -> str:
    """Take the wanted value, or now and then any other."""
    if wanted is not None and rng.random() < OBEDIENCE:
        return wanted
    return pick([value for value in values if value != wanted], rng)


def _draft(arm: Arm, tone: str, rng: np.random.Generator) -> _Draft:
    """Choose facts and phrases for one attempt."""
    words = stock()
    facts = words.facts[arm.topic]
    first, second = (facts[int(i)] for i in rng.permutation(len(facts))[:2])
    does = (pick(first.do, rng), pick(second.do, rng))
    opening = pick(words.hooks[arm.hook], rng)
    said = {
        "name": TOPICS[arm.topic],
        "person": pick(words.persons, rng),
        "do": does[0],
        "so": first.so,
        "skip": first.skip,
        "belief": first.belief,
        "trouble": first.trouble,
    }
    said |= {key.capitalize(): capital(value) for key, value in said.items()}
    voice = words.voices[arm.generator]
    cluster = _CLUSTER_OF.get(tone) or pick(list(TONES), rng)
    return _Draft(
        hook=opening.format(**said),
        reason=pick(voice.frames, rng).format(why=pick(first.why, rng)),
        action=None if "{do}" in opening else pick(words.actions, rng).format(**said),
        outcome=pick(words.outcomes, rng).format(**said),
        closer=pick(words.closers[cluster], rng),
        line=pick(voice.lines, rng),
        does=does,
        fact=first,
    )


def _lay_out(form: str, draft: _Draft, rng: np.random.Generator) -> str:
    """Arrange a draft as its format demands; how much of it is used varies."""
    if form == "list":
        return _as_list(draft, rng)
    if form == "steps":
        return _as_steps(draft, rng)
    if form == "pair":
        return _as_pair(draft, rng)
    ending = draft.action or draft.outcome
    return " ".join([draft.hook, *_shuffled([draft.reason, ending], rng), *_some([draft.line, draft.closer], rng)])


def _as_list(draft: _Draft, rng: np.random.Generator) -> str:
    own = [capital(draft.does[0])] if draft.action else []
    items = [*own, *_some([capital(draft.does[1]), f"Never mind the urge to {draft.fact.skip}"], rng)]
    items = (items or [capital(draft.does[1])]) + ([capital(draft.fact.so)] if len(items) < 2 else [])
    bullets = [f"• {item}." for item in items]
    if rng.random() < 1 / 3:
        return "\n".join([draft.hook, bullets[0], f"• {draft.reason}"])
    if rng.random() < 1 / 2:
        return "\n".join([draft.hook, *bullets, draft.reason])
    return "\n".join([f"{draft.hook} {draft.reason}", *bullets, *_some([draft.closer], rng)])


def _as_steps(draft: _Draft, rng: np.random.Generator) -> str:
    first, other = draft.does if draft.action else (draft.does[1], draft.does[0])
    finish = pick([f"Finally, see how {draft.fact.so}.", f"Finally, leave it until {draft.fact.so}."], rng)
    then = f"Then {other}." if draft.action else f"Then resist the urge to {draft.fact.skip}."
    ways = ([f"First, {first}.", then], [f"First, {first}.", finish], [f"First, {first}.", then, finish])
    if rng.random() < 1 / 3:
        turn = pick(["Then the why.", "Then the reason.", "Last, the why."], rng)
        return "\n".join([draft.hook, f"First, {first}.", f"{turn} {draft.reason}"])
    steps = ways[int(rng.integers(len(ways)))]
    if rng.random() < 1 / 2:
        return "\n".join([draft.hook, *steps, draft.reason])
    return "\n".join([f"{draft.hook} {draft.reason}", *steps])


def _as_pair(draft: _Draft, rng: np.random.Generator) -> str:
    worse, better = stock().pairs[int(rng.integers(len(stock().pairs)))]
    lines = [f"{worse}: {draft.fact.skip}.", f"{better}: {draft.does[0] if draft.action else draft.does[1]}."]
    if rng.random() < 1 / 2:
        return "\n".join([draft.hook, *lines, draft.reason])
    return "\n".join([f"{draft.hook} {draft.reason}", *lines, *_some([draft.line], rng)])


def pick(options: Sequence[str], rng: np.random.Generator) -> str:
    """Draw one of these, each as likely."""
    return options[int(rng.integers(len(options)))]


def _some(options: Iterable[str], rng: np.random.Generator) -> list[str]:
    """Keep each with an even chance."""
    return [option for option in options if rng.random() < 1 / 2]


def _shuffled(options: Sequence[str], rng: np.random.Generator) -> list[str]:
    return [options[int(i)] for i in rng.permutation(len(options))]


def capital(text: str) -> str:
    """Begin the text with a capital."""
    return text[:1].upper() + text[1:]
