"""Life with faults: whatever dies, hangs or goes away, nothing is doubled or forgotten, and all comes back."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from actors.domain.priority import Priority
from actors.simulation.clock import EPOCH
from actors.simulation.faults import Crash, Faults, Outage, draw_faults
from actors.simulation.house import House
from actors.simulation.summary import summarise
from tests.simulation.lives import SETTING, contended_day, job

if TYPE_CHECKING:
    from actors.domain.workload import JobLoad

P0, P1, P2, P3 = Priority
ROOT = Path(__file__).parents[2]
DAYS = 3
MUST_HAVE_HAPPENED = (
    "crashes", "restarts", "restarts_failed", "hangs", "revocations", "outages", "breaker_open", "breaker_half_open",
    "breaker_closed", "refused_circuit_open", "retries", "recalls", "slots_refused",
)  # fmt: skip


@pytest.fixture(scope="module")
def lives() -> list[House]:
    return [contended_day(days=DAYS, seed=seed, with_faults=True) for seed in (1, 2, 3, 4)]


def struck(*loads: JobLoad, crashes: tuple[Crash, ...] = (), outages: tuple[Outage, ...] = ()) -> House:
    """Live an hour with exactly these faults."""
    house = House(loads, SETTING, days=1 / 24)
    house.tree.plan(Faults(crashes=crashes, outages=outages))
    house.live()
    return house


def test_with_faults_no_run_is_doubled_no_slot_forgotten_and_no_capacity_exceeded(lives: list[House]) -> None:
    for house in lives:
        document = summarise(house)
        assert (document["double_runs"], document["over_capacity"], document["lost_slots"]) == (0, 0, 0)
        for done in document["jobs"].values():
            assert done["due"] == done["runs"] + done["failed"] + done["missed"]


def test_once_the_faults_stop_all_that_is_due_is_done_within_an_hour(lives: list[House]) -> None:
    for house in lives:
        document = summarise(house)
        assert document["faults"]["end_s"] == (DAYS - 0.25) * 86400
        assert 0 < document["faults"]["drained_after_s"] < 3600
        for tally in house.tally.jobs.values():
            first = -int(-(house.faults.end - tally.load.offset.total_seconds()) // tally.load.every.total_seconds())
            assert tally.done >= set(range(max(first, 0), tally.due)), tally.load.name


def test_p0_is_late_only_while_what_it_needs_is_down(lives: list[House]) -> None:
    for house in lives:
        p0 = summarise(house)["p0"]
        assert p0["late"] == p0["late_in_faults"]


def test_every_rare_path_is_taken_by_some_of_these_lives(lives: list[House]) -> None:
    """A path that no life takes is one that no other test here says anything about."""
    assert [what for what in MUST_HAVE_HAPPENED if not any(house.tally.counts[what] for house in lives)] == []


def test_equal_seeds_give_equal_logs_and_other_seeds_other_ones() -> None:
    logs = [io.StringIO() for _ in range(3)]
    hashes = []
    for log, seed in zip(logs, (7, 7, 8), strict=True):
        house = contended_day(days=0.5, seed=seed, with_faults=True, log=log)
        hashes.append(house.journal.digest())

    assert hashes == [hashlib.sha256(log.getvalue().encode()).hexdigest() for log in logs]
    assert hashes[0] == hashes[1] != hashes[2]


def test_equal_seeds_give_equal_hashes_in_every_process() -> None:
    code = (
        "from tests.simulation.lives import contended_day\n"
        "import sys\n"
        "sys.stdout.write(contended_day(days=0.5, seed=3, with_faults=True).journal.digest())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for hash_seed in ("0", "1", "4242")
    }

    assert len(hashes) == 1
    assert len(hashes.pop()) == 64


def test_the_faults_of_a_seed_end_before_the_time_does() -> None:
    faults = draw_faults(5, 30 * 86400.0, ["clock", "browser"], ["browser", "database"])

    assert faults.end == 30 * 86400 - 6 * 3600
    assert len(faults.crashes) > 10
    assert all(crash.at < faults.end for crash in faults.crashes)
    assert all(outage.at < outage.until <= faults.end for outage in faults.outages)
    assert not faults.hangs(faults.end)


def test_history_keeps_the_latest_slot_whichever_is_recorded_last() -> None:
    house = House([job("scrape", P1, 600, (1, 1))], SETTING)
    for number in (2, 1):
        house.remember("scrape", EPOCH + number * timedelta(minutes=10), None)

    assert house.last_slot["scrape"] == EPOCH + timedelta(minutes=20)


def test_what_was_sent_to_a_dead_family_waits_for_the_next_one() -> None:
    house = struck(job("scrape", P1, 3600, (10, 10), offset=timedelta(seconds=100)), crashes=(Crash(99.95, "scrape"),))

    assert house.tally.counts["restarts"] == 1
    assert house.tally.jobs["scrape"].done == {0}
    assert 0 < house.tally.jobs["scrape"].waits[0] - 0.5 < 1


def test_a_clock_that_dies_during_a_run_neither_doubles_nor_forgets_it() -> None:
    load = job("scrape", P1, 600, (300, 300), uses=frozenset({"database"}))
    house = struck(load, crashes=(Crash(700.0, "clock"),))

    assert house.tally.counts["slots_refused"] == 1, "the new clock fires the slot again, the family refuses it"
    assert house.tally.double_runs == 0
    assert house.tally.jobs["scrape"].done == set(range(6))


def test_a_slot_that_waits_when_the_clock_dies_is_refused_by_the_family_and_counted_as_missed() -> None:
    load = job("slow", P1, 600, (900, 900), uses=frozenset({"database"}))
    house = struck(load, crashes=(Crash(650.0, "clock"),))

    assert 1 in house.tally.jobs["slow"].missed
    assert house.tally.lost() == 0


def test_a_browser_front_that_begins_anew_is_told_when_p0_comes() -> None:
    house = House([job("posting", P0, 1000, (5, 5), offset=timedelta(seconds=900))], SETTING, days=1 / 24)
    house.tree.plan(Faults(crashes=(Crash(100.0, "browser"),)))
    house.agenda.at(0.0, house.clock.tell, house.clock.tick)
    while house.agenda.now < 100.0 or house.fronts["browser"].is_down:
        assert house.agenda.step()

    assert house.fronts["browser"].arbiter.p0_at == 900.0


def test_p0_that_never_began_counts_as_late_and_is_excused_by_what_was_down() -> None:
    others = [job(f"job_{n}", P2, 3600, (20, 20), uses=frozenset({"database"})) for n in range(5)]
    plan = job("plan", P0, 900, (5, 5), uses=frozenset({"database"}), offset=timedelta(seconds=30), attempts=1)
    house = struck(plan, *others, outages=(Outage(5.0, 200.0, "database"),))

    assert house.tally.jobs["plan"].late == house.tally.jobs["plan"].excused == {0}
    assert house.tally.jobs["plan"].done == {1, 2, 3}


def test_a_model_front_that_begins_anew_knows_what_was_spent() -> None:
    poor = replace(SETTING, usd_per_day=0.05)
    house = House([job("plan", P0, 60, (5, 5), uses=frozenset({"openai"}), family="content")], poor, days=1 / 24)
    house.tree.plan(Faults(crashes=(Crash(1210.0, "openai"),)))
    house.live()

    assert house.tally.counts["restarts"] == 1
    assert 10 <= len(house.tally.jobs["plan"].done) <= 11


def test_a_front_that_dies_fails_what_it_held_and_the_run_is_tried_again() -> None:
    house = struck(job("scrape", P2, 3600, (100, 100)), crashes=(Crash(50.0, "browser"),))

    assert house.tally.counts["retries"] == 1
    assert house.tally.jobs["scrape"].done == {0}
    assert house.tally.over_capacity == 0


def test_an_outage_opens_the_breaker_and_its_own_probe_closes_it() -> None:
    jobs = [job(f"job_{n}", P2, 600, (20, 20), uses=frozenset({"database"}), attempts=9) for n in range(6)]
    house = struck(*jobs, outages=(Outage(605.0, 700.0, "database"),))

    assert house.tally.counts["breaker_open"] > 1
    assert house.tally.counts["breaker_closed"] == 1
    assert all(house.tally.jobs[load.name].done == set(range(6)) for load in jobs)
