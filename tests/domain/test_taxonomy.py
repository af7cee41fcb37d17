from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields

from actors.domain.taxonomy import (
    ANGLES,
    CALENDAR,
    FACTORS,
    FORMAT_PATTERNS,
    FORMATS,
    GENERATOR_MARKERS,
    GENERATORS,
    HOOK_PATTERNS,
    HOOKS,
    LENGTHS,
    SLOT_GENERATORS,
    TONES,
    TOPIC_WORDS,
    TOPICS,
    Arm,
)


def test_the_factors_are_the_attributes_of_an_arm() -> None:
    assert tuple(FACTORS) == tuple(field.name for field in fields(Arm))
    assert [len(values) for values in FACTORS.values()] == [22, 10, 6, 4, 3]


def test_every_value_can_be_recognised() -> None:
    assert set(GENERATOR_MARKERS) == set(GENERATORS)
    assert set(TOPIC_WORDS) == set(TOPICS)
    assert set(HOOK_PATTERNS) == set(HOOKS)
    assert set(FORMAT_PATTERNS) == set(FORMATS)


def test_no_marker_belongs_to_two_writers_and_no_word_to_two_topics() -> None:
    for table in (GENERATOR_MARKERS, TOPIC_WORDS):
        counted = Counter(phrase for phrases in table.values() for phrase in phrases)
        assert [phrase for phrase, times in counted.items() if times > 1] == []


def test_no_marker_hides_in_another_writers_marker() -> None:
    for name, phrases in GENERATOR_MARKERS.items():
        others = [other for key, values in GENERATOR_MARKERS.items() if key != name for other in values]
        assert [p for p in phrases for other in others if re.search(rf"\b{re.escape(p)}\b", other)] == []


def test_each_slot_prefers_writers_that_exist_and_has_its_day() -> None:
    assert {name for names in SLOT_GENERATORS.values() for name in names} <= set(GENERATORS)
    assert {slot for slots in CALENDAR for slot in slots} == set(SLOT_GENERATORS)
    assert len(SLOT_GENERATORS) == 12
    assert len(CALENDAR) == 7


def test_angles_are_short_and_tones_single_words() -> None:
    angles = [angle for group in ANGLES.values() for angle in group]
    assert len(angles) == len(set(angles)) == 24
    assert all(len(angle.split()) <= 12 for angle in angles)
    tones = [tone for cluster in TONES.values() for tone in cluster]
    assert len(tones) == len(set(tones)) == 20
    assert all(tone.isalpha() for tone in tones)


def test_lengths_join_without_gap_below_the_limit_of_quality() -> None:
    ranges = list(LENGTHS.values())
    assert [low for low, _ in ranges[1:]] == [high + 1 for _, high in ranges[:-1]]
    assert ranges[-1][1] <= 250
