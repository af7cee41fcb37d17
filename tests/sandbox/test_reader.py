"""What a text comes across as."""

from __future__ import annotations

import pytest

from actors.domain.taxonomy import GENERATOR_MARKERS, LENGTHS, TOPIC_WORDS
from actors.sandbox.reader import TRAITS, read


@pytest.mark.parametrize(
    ("text", "hook", "layout"),
    [
        ("Why does the water glass stay full? A bottle on the desk is a reminder.", "question", "plain"),
        ("The quiet hero of a good night is a dark bedroom.\n• Dim the lamp.\n• Park the phone.", "reveal", "list"),
        ("Try a walk after lunch.\nFirst, find shoes.\nThen, leave.\nFinally, come back.", "instruction", "steps"),
        ("It is a myth that rest is lazy.\nTempting: one more page.\nWiser: the pillow.", "myth", "pair"),
    ],
)
def test_hook_and_format_are_read_from_the_structure(text: str, hook: str, layout: str) -> None:
    reading = read(text)

    assert (reading.hook, reading.format) == (hook, layout)


@pytest.mark.parametrize("generator", GENERATOR_MARKERS)
def test_a_voice_is_known_by_its_markers(generator: str) -> None:
    assert read(f"Well, {GENERATOR_MARKERS[generator][0].upper()} is how it goes.").generator == generator


@pytest.mark.parametrize("topic", TOPIC_WORDS)
def test_a_topic_is_known_by_its_words(topic: str) -> None:
    assert read(f"A word on {' and '.join(TOPIC_WORDS[topic][:3])}.").topic == topic


def test_a_marker_inside_another_word_is_no_marker() -> None:
    assert read("Embedded sipping glassware.").topic is None


def test_a_text_that_says_nothing_reads_as_nothing() -> None:
    reading = read("")

    assert (reading.generator, reading.topic, reading.hook, reading.format) == (None, None, None, "plain")
    assert reading.traits[TRAITS.index("number")] == 0


@pytest.mark.parametrize("name", LENGTHS)
def test_length_is_read_by_weight(name: str) -> None:
    least, most = LENGTHS[name]

    assert read("a" * least).length == name
    assert read("•" * (most // 2)).length == name


def test_what_is_longer_than_long_is_long() -> None:
    assert read("a" * 279).length == "long"


@pytest.mark.parametrize(
    ("text", "trait"),
    [
        ("3 cups", "number"),
        ("see https://example.org/x", "source"),
        ("for your sake", "address"),
        ("STOP that", "shouting"),
        ("nice 🌿", "emoji"),
    ],
)
def test_a_trait_shows(text: str, trait: str) -> None:
    traits = dict(zip(TRAITS, read(text).traits, strict=True))

    assert traits[trait] > 0
    assert dict(zip(TRAITS, read("calm words").traits, strict=True))[trait] == 0


def test_a_finding_without_a_source_is_noticed() -> None:
    assert read("Naps help 80 % of people.").is_unsourced_claim
    assert not read("Naps help 80 % of people: https://example.org/naps").is_unsourced_claim
    assert not read("Naps are pleasant.").is_unsourced_claim
