"""Stages of a merged job: which of them a run has to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actors.domain.stages import Stages, stages_of, trigger_of, who_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BOTH = Stages((("viral_scraper", 4 * HOUR), ("peer_scraper", 2 * HOUR)))


def due(last: dict[str, datetime], slot: datetime, trigger: str = "slot", offset: timedelta = timedelta()) -> object:
    return BOTH.due(last, slot, offset, trigger)


def test_stages_that_never_ran_are_all_due_in_their_order() -> None:
    assert due({}, NOON) == ("viral_scraper", "peer_scraper")


def test_each_stage_keeps_its_own_interval() -> None:
    last = {"viral_scraper": NOON, "peer_scraper": NOON}
    assert due(last, NOON + 2 * HOUR) == ("peer_scraper",)
    assert due(last, NOON + 4 * HOUR) == ("viral_scraper", "peer_scraper")


def test_a_stage_that_did_not_succeed_is_due_with_the_next_run() -> None:
    last = {"viral_scraper": NOON - 4 * HOUR, "peer_scraper": NOON}
    assert due(last, NOON + HOUR) == ("viral_scraper",)


@pytest.mark.parametrize("offset", [timedelta(), timedelta(minutes=30)])
def test_a_run_out_of_turn_moves_no_later_one(offset: timedelta) -> None:
    late = {"viral_scraper": NOON + offset, "peer_scraper": NOON + offset + timedelta(minutes=97)}
    assert due(late, NOON + offset + 2 * HOUR, offset=offset) == ("peer_scraper",)


def test_an_operator_who_names_the_job_means_all_its_stages_and_one_who_names_a_stage_that_alone() -> None:
    just = {"viral_scraper": NOON, "peer_scraper": NOON}
    assert due(just, NOON, "operator") == ("viral_scraper", "peer_scraper")
    assert due(just, NOON, trigger_of("operator", "peer_scraper")) == ("peer_scraper",)
    assert due(just, NOON, trigger_of("operator", "peer_scraper", "viral_scraper")) == ("viral_scraper", "peer_scraper")


def test_a_trigger_says_who_asked_and_for_what() -> None:
    assert who_of(trigger_of("operator", "a", "b")) == who_of("operator") == "operator"
    assert stages_of(trigger_of("operator", "a", "b")) == ("a", "b")
    assert stages_of("catch_up") == ()


def test_d1_a_last_slot_in_the_future_silences_no_stage() -> None:
    assert due({"viral_scraper": NOON + 9 * HOUR, "peer_scraper": NOON}, NOON + HOUR) == ("viral_scraper",)
