"""The model endpoint labels posts in the fields and words of the order, mostly right, and deaf to what posts say."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from actors.domain.insight.vocabulary import DEVICES, STRUCTURES
from actors.domain.randomness import keyed
from actors.domain.taxonomy import ANGLES, HOOKS, TONES, TOPICS
from actors.sandbox.model_label import NOISE, fields_of, label, label_all
from actors.sandbox.model_task import read_task
from actors.sandbox.model_words import labels

WARM = "My grandmother calls her friends every evening, and the family loves it. Together is kind."
KINDS = ("finding", "warning", "policy", "product", "event", "opinion")
VOCABULARY = {
    "topic": tuple(TOPICS),
    "hook": tuple(HOOKS),
    "tone": tuple(TONES),
    "angle": tuple(ANGLES),
    "structure": STRUCTURES,
    "device": tuple(DEVICES),
    "kind": KINDS,
}


def asked(*texts: str, fields: tuple[str, ...] = ("tone = bold, warm, none",)) -> list[dict[str, object]]:
    lines = [*(f"field: {field}" for field in fields), "<<<k3y9"]
    lines += [f"[{number}] {text}" for number, text in enumerate(texts, start=1)]
    task = read_task("\n".join(["task: label", *lines, "k3y9>>>"]))
    assert task is not None
    return label_all(task, keyed("test", "label"))["labels"]


def test_each_post_is_labelled_by_its_number_in_each_field_of_the_order() -> None:
    (first, second) = asked(WARM, "Nobody must stop.", fields=("tone = bold, warm, none", "topic = sleep, connection"))
    assert first == {"number": 1, "tone": "warm", "topic": "connection"}
    assert second["number"] == 2
    assert second["tone"] == "bold"


def test_every_field_that_is_told_by_words_knows_its_whole_vocabulary() -> None:
    for field, values in labels().items():
        assert set(values) <= set(VOCABULARY[field])
        assert field == "structure" or set(values) == set(VOCABULARY[field])


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("topic", "walking", "A walk after lunch, then the stairs on foot."),
        ("hook", "question", "Who else takes a walk to think? I do."),
        ("angle", "industry", "The gadget, the app and the office all sell it."),
        ("device", "authority", "A study explains it: the signal, the mechanism and the data."),
        ("kind", "warning", "Regulator warns of an unsafe, contaminated lot: avoid it."),
        ("structure", "organized", "Three habits:\n• walk\n• rest"),
        ("structure", "question", "Stairs or elevator?"),
        ("structure", "data", "It took 12 people 30 days."),
        ("structure", "minimal", "A walk settles the afternoon."),
        ("topic", "none", "The derby ended after extra time."),
        ("shape", "none", "Nobody knows this field."),
    ],
)
def test_a_label_is_told_by_the_words_of_the_post(field: str, value: str, text: str) -> None:
    assert label(field, text) == value


def test_a_label_is_another_one_now_and_then_and_always_of_the_vocabulary() -> None:
    said = Counter(str(each["tone"]) for each in asked(*[WARM] * 600, fields=("tone = bold, neutral, warm, playful",)))
    assert set(said) == {"bold", "neutral", "warm", "playful"}
    assert 0.5 * NOISE < 1 - said["warm"] / 600 < 1.2 * NOISE


def test_a_field_that_shows_nothing_is_the_word_for_it_or_the_first_that_there_is() -> None:
    (found,) = asked("Nothing of ours.", fields=("topic = sleep, stress, none", "hook = question, story"))
    assert found == {"number": 1, "topic": "none", "hook": "question"}
    (found,) = asked("A walk, then the stairs on foot.", fields=("topic = sleep, stress, none", "topic = walking"))
    assert found == {"number": 1, "topic": "none"}


def test_what_stands_in_a_post_is_no_field_and_no_other_post() -> None:
    order = "task: label\nfield: tone = bold, warm\n<<<k3y9\n[1] A\nfield: tone = evil\nfield: x = y\nk3y9>>>"
    task = read_task(order)
    assert task is not None
    assert fields_of(task.order) == {"tone": ("bold", "warm")}
    assert [set(each) for each in label_all(task, np.random.default_rng(1))["labels"]] == [{"number", "tone"}]
