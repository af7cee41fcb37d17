"""Subjects on which no program answers a stranger, and everyday posts that are none."""

from __future__ import annotations

import pytest

from actors.domain.gates.delicate import delicate

SILENT = [
    ("I can't sleep and I want to kill myself", "self_harm"),
    ("i want to end my life", "self_harm"),
    ("I don't want to live anymore", "self_harm"),
    ("some days I just want to die", "self_harm"),
    ("I cut myself again last night", "self_harm"),
    ("I'm going to end it all", "self_harm"),
    ("everybody would be better off without me", "self_harm"),
    ("made myself throw up after dinner again", "eating_disorder"),
    ("haven't eaten in days, starving myself feels like control", "self_harm"),
    ("chest pain and stress all night", "emergency"),
    ("I can’t breathe and my arm is numb", "emergency"),
    ("back from the ER, no sleep", "emergency"),
    ("he hits me when he drinks", "abuse"),
    ("My dad died yesterday and I can't sleep", "grief"),
    ("we lost our old dog this morning, the walks are so quiet", "grief"),
    ("the funeral is on Friday and my stomach is in knots", "grief"),
    ("diagnosed today, trying to breathe", "illness"),
    ("six weeks of chemo and still walking", "illness"),
    ("miscarried last month and nobody asks how I sleep", "pregnancy"),
    ("i'm 13 and i never sleep", "minor"),
]

ANSWERED = [
    "Coffee after lunch felt harmless until the evenings turned into staring at the ceiling.",
    "I'm 15 minutes into a walk and the head is clear already.",
    "These hills will be the end of me. What a morning!",
    "I could die for a nap, said nobody who slept eight hours.",
    "My son taught me to breathe out slowly before the exam.",
    "Lost my keys again. Attention is a muscle I skip.",
    "Cut the screens an hour before bed and see.",
    "Night shift done. Dark room, cold feet, warm tea.",
    "Tried slow breathing on the train and missed the station.",
]


@pytest.mark.parametrize(("text", "subject"), SILENT)
def test_b16_nobody_is_answered_by_a_program_on_a_subject_like_this(text: str, subject: str) -> None:
    assert delicate(text) == subject


@pytest.mark.parametrize("text", ANSWERED)
def test_b16_everyday_talk_is_no_delicate_subject(text: str) -> None:
    assert delicate(text) == ""
