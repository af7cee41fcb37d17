"""What a scan of the timeline proves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from actors.domain.evidence import Match, Scan, doubts, is_absent, match
from actors.domain.snowflake import id_at

CLICK = datetime(2026, 3, 1, 12, tzinfo=UTC)
WINDOW = (CLICK, CLICK + timedelta(minutes=5))
MINUTE = timedelta(minutes=1)
LAG = timedelta(seconds=30)
TEXT = "Walking after meals steadies the afternoon."


@dataclass(frozen=True)
class Post:
    id: str
    text: str = TEXT


def scan(minutes: float, *, logged_in: bool = True, reached_back: bool = True) -> Scan:
    return Scan(CLICK + timedelta(minutes=minutes), logged_in, reached_back)


def test_the_post_with_our_text_and_our_time_is_ours() -> None:
    ours = id_at(CLICK + MINUTE)
    posts = [Post(id_at(CLICK + 2 * MINUTE), "another text"), Post(ours), Post(id_at(CLICK - timedelta(days=3)))]
    assert match(posts, TEXT, WINDOW, MINUTE) == Match(ours)


def test_b11_spacing_case_and_letter_forms_do_not_hide_a_post() -> None:
    ours = id_at(CLICK)
    assert (
        match([Post(ours, "  WALKING after\nmeals steadies the \uff41fternoon. ")], TEXT, WINDOW, MINUTE).tweet_id
        == ours
    )


def test_b8_an_equal_text_of_another_time_is_not_ours() -> None:
    posts = [Post(id_at(CLICK - timedelta(hours=1))), Post(id_at(CLICK + timedelta(hours=1)))]
    assert match(posts, TEXT, WINDOW, MINUTE) == Match(None)


def test_of_two_matches_the_oldest_counts_and_the_other_is_named() -> None:
    first, second = id_at(CLICK + MINUTE), id_at(CLICK + 3 * MINUTE)
    assert match([Post(second), Post(first), Post(second)], TEXT, WINDOW, MINUTE) == Match(first, (second,))


@pytest.mark.parametrize(
    ("look", "reasons"),
    [
        (scan(1), ()),
        (scan(1, logged_in=False), ("not_logged_in",)),
        (scan(1, reached_back=False), ("did_not_reach_back",)),
        (scan(0.25), ("index_lag",)),
        (scan(-1, logged_in=False, reached_back=False), ("not_logged_in", "did_not_reach_back", "index_lag")),
    ],
)
def test_b6_a_scan_names_every_reason_why_it_proves_nothing(look: Scan, reasons: tuple[str, ...]) -> None:
    assert doubts(look, CLICK, LAG) == reasons


def test_b6_absence_needs_two_conclusive_scans_five_minutes_apart() -> None:
    assert is_absent([scan(1), scan(6)], CLICK, LAG)
    assert not is_absent([scan(1), scan(5.9)], CLICK, LAG)
    assert not is_absent([scan(9)], CLICK, LAG)
    assert not is_absent([], CLICK, LAG)
    assert not is_absent([scan(0.25), scan(6)], CLICK, LAG), "the first scan came before the site's index"
    assert not is_absent([scan(1), scan(9, reached_back=False)], CLICK, LAG)
