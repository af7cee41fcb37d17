from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from actors.domain.gates import judge
from actors.domain.gates.judgement import GATES
from actors.domain.gates.substance import quality_score, substance_score

if TYPE_CHECKING:
    from collections.abc import Sequence

POST = (
    "A dark bedroom is not a luxury but a signal. When the lamps go down, the brain hears that night has come and lets "
    "the body drift off without much effort."
)
OTHER = (
    "Coffee is a lender, not a giver. It blocks the signal that says tired, and the bill arrives at night. Have the "
    "last cup at lunch and watch the evening grow heavy."
)


def codes(text: str, history: Sequence[str] = ()) -> set[str]:
    return {reason.code for reason in judge(text, history).reasons}


def test_a_post_unlike_the_history_passes() -> None:
    verdict = judge(POST, [OTHER])
    assert verdict.passed
    assert verdict.reasons == ()
    assert set(verdict.scores) >= {"weighted_length", "substance", "quality", "similarity", "overlap", "common_words"}


@pytest.mark.parametrize("gate", GATES["single"])
def test_j5_a_gate_that_fails_refuses_the_text(gate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str, history: Sequence[str]) -> None:
        raise ZeroDivisionError("gate is broken")

    monkeypatch.setitem(GATES["single"], gate, fail)
    verdict = judge(POST, [])
    assert not verdict.passed
    assert [(reason.gate, reason.code) for reason in verdict.reasons] == [(gate, "gate_error")]
    assert "gate is broken" in verdict.reasons[0].detail


def test_every_reason_is_reported_and_not_only_the_first() -> None:
    assert codes("I tried 400 mg #sleep") >= {"first_person", "hashtag", "dose", "number", "too_short", "unfinished"}


def test_j1_the_same_text_in_other_dress_is_refused() -> None:
    assert codes(POST.upper(), [OTHER, POST]) >= {"same_text", "near_duplicate", "word_overlap"}


def test_j1_a_light_edit_of_an_old_post_is_a_near_duplicate() -> None:
    assert "near_duplicate" in codes(POST.replace("luxury", "comfort").replace("much effort", "a fight"), [OTHER, POST])


def test_j1_the_same_words_in_another_order_are_refused() -> None:
    first, second = POST.split(". ", 1)
    assert "word_overlap" in codes(f"{second} {first}.", [POST])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Velvet kumquat sprockets yodel beneath quantum marmalade whilst zephyrs juggle.", "few_common_words"),
        ("The xkcdqwrt of a good night is that it grrrmphh and then you zzzzplk into the day.", "odd_words"),
        ("Сон is what the body и разум need after a long day of work and of light.", "foreign_script"),
        ("Walk walk walk after lunch and the rest of the day goes better than it did before.", "stutter"),
    ],
)
def test_j4_what_reads_like_no_english_is_refused_and_says_by_which_sign(text: str, code: str) -> None:
    assert code in codes(text)
    assert not codes(POST)


def test_j6_digits_of_names_are_no_statistics() -> None:
    named = POST.replace("much effort", "vitamin B12, omega-3 or light 24/7")
    assert judge(named, []).passed


def test_a_text_of_280_weighted_characters_fits_and_one_more_does_not() -> None:
    assert "too_long" not in codes("a" * 278 + "日")
    assert "too_long" in codes("a" * 279 + "日")


def test_long_texts_lose_the_quality_points_for_length() -> None:
    assert quality_score("a" * 250) == 0.85
    assert quality_score("a" * 251) == 0.65
    assert quality_score("Did you know " + "a" * 200) == 0.55


def test_substance_adds_the_published_points_and_stops_at_100() -> None:
    assert substance_score("Nice weather in the valley.") == 40
    assert substance_score("Light wakes the eyes.") == 55
    assert substance_score("Light wakes the eyes, but slowly.") == 60
    assert substance_score("Light raises mood 20%, 3x more, n=40, says Harvard. Try it when the desk is dark.") == 100
