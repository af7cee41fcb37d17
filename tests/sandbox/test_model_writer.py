from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from actors.domain.brief import Brief, messages
from actors.domain.gates import judge
from actors.domain.randomness import keyed
from actors.domain.taxonomy import ANGLES, FACTORS, GENERATOR_MARKERS, TONES, Arm
from actors.domain.text import weighted_length
from actors.sandbox.model_words import stock
from actors.sandbox.model_writer import Order, read_order, write
from actors.sandbox.reader import read

POSTS = 200
HISTORY = 100


def drawn_brief(number: int, openers: tuple[str, ...] = ()) -> Brief:
    rng = keyed("test", "brief", number)
    arm = Arm(**{factor: str(rng.choice(values)) for factor, values in FACTORS.items()})
    angle = str(rng.choice([angle for group in ANGLES.values() for angle in group]))
    tone = str(rng.choice([tone for cluster in TONES.values() for tone in cluster]))
    return Brief(arm, angle, tone, "news", openers)


def written(brief: Brief, *key: int) -> str:
    return write(read_order("\n".join(message["content"] for message in messages(brief))), keyed("test", "text", *key))


def test_the_writer_finds_the_whole_order_in_a_brief() -> None:
    brief = drawn_brief(1, ("picture a baker",))
    order = read_order("\n".join(message["content"] for message in messages(brief)))
    assert order.wanted == {factor: getattr(brief.arm, factor) for factor in FACTORS}
    assert (order.tone, order.avoided) == (brief.tone, ("picture a baker",))


def test_a_text_that_is_no_brief_still_gets_a_post() -> None:
    order = read_order("voice: nobody\nWrite something.")
    assert order == Order({}, "", ())
    assert judge(write(order, keyed("free")), []).scores["weighted_length"] > 100


def test_j1_two_hundred_posts_in_a_row_pass_the_gates_mostly_at_the_first_try() -> None:
    history: list[str] = []
    refusals: Counter[str] = Counter()
    first_tries = 0
    for number in range(POSTS):
        openers = tuple(" ".join(old.split()[:3]) for old in history[-10:])
        for attempt in range(6):
            text = written(drawn_brief(number, openers), number, attempt)
            verdict = judge(text, history[-HISTORY:])
            refusals.update(reason.code for reason in verdict.reasons)
            if verdict.passed:
                first_tries += attempt == 0
                history.append(text)
                break
    assert len(history) == POSTS
    assert first_tries / POSTS >= 0.85
    assert set(refusals) <= {"low_substance", "near_duplicate", "word_overlap"}


def test_a_reader_recovers_each_parameter_as_often_as_the_writer_obeys() -> None:
    hits: Counter[str] = Counter()
    for number in range(POSTS):
        brief = drawn_brief(number)
        reading = read(written(brief, number))
        hits.update(factor for factor in FACTORS if getattr(reading, factor) == getattr(brief.arm, factor))
    for factor, least in {"generator": 0.8, "topic": 0.78, "hook": 0.8, "format": 0.8, "length": 0.68}.items():
        assert least <= hits[factor] / POSTS <= 0.97, factor


def test_posts_to_one_brief_hardly_ever_repeat() -> None:
    brief = drawn_brief(3)
    assert len({written(brief, number) for number in range(100)}) >= 95


def test_openings_to_be_avoided_are_avoided() -> None:
    openers = ("try this", "start small", "make it easy", "do this", "keep one", "give", "pick", "take", "steal")
    drawn = drawn_brief(4, openers)
    brief = replace(drawn, arm=replace(drawn.arm, hook="instruction"))
    texts = [written(brief, number) for number in range(30)]
    assert not any(text.casefold().startswith(openers) for text in texts)
    assert any(written(replace(brief, avoid_openers=()), n).casefold().startswith(openers) for n in range(30))


@pytest.mark.parametrize("voice", FACTORS["generator"])
def test_each_frame_and_line_of_a_voice_gives_it_away_and_no_other(voice: str) -> None:
    for text in (*stock().voices[voice].frames, *stock().voices[voice].lines):
        found = {
            name
            for name, phrases in GENERATOR_MARKERS.items()
            if any(re.search(rf"\b{re.escape(phrase)}\b", text, re.IGNORECASE) for phrase in phrases)
        }
        assert found == {voice}, text


@pytest.mark.parametrize("hook", FACTORS["hook"])
def test_each_opening_reads_as_its_hook(hook: str) -> None:
    for topic in FACTORS["topic"]:
        fact = stock().facts[topic][0]
        said = {
            "name": topic.replace("_", " "),
            "person": "a baker",
            "do": fact.do[0],
            "so": fact.so,
            "skip": fact.skip,
            "belief": fact.belief,
            "trouble": fact.trouble,
        }
        said |= {key.capitalize(): value[:1].upper() + value[1:] for key, value in said.items()}
        for opening in stock().hooks[hook]:
            assert read(opening.format(**said)).hook == hook, opening.format(**said)


def test_the_stock_covers_the_taxonomy_and_no_sentence_of_it_is_unsafe() -> None:
    words = stock()
    assert set(words.facts) == set(FACTORS["topic"])
    assert set(words.voices) == set(FACTORS["generator"])
    assert set(words.hooks) == set(FACTORS["hook"])
    assert set(words.closers) == set(TONES)
    unsafe = {"shape", "style", "health", "grounding"}
    for facts in words.facts.values():
        for fact in facts:
            for text in (*fact.do, *fact.why, fact.so, fact.skip, fact.belief, fact.trouble):
                assert not [reason for reason in judge(text, []).reasons if reason.gate in unsafe], text


def test_the_writer_counts_lengths_as_the_platform_does() -> None:
    texts = [written(drawn_brief(number), number) for number in range(60)]
    assert any("•" in text for text in texts)
    assert all(weighted_length(text) == len(text) + text.count("•") for text in texts)
