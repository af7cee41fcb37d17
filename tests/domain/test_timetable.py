"""The timetable: the grid, catch-up, gates, retries, snoozes and triggers."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.domain.backoff import Backoff
from actors.domain.outcome import Blocked, Done, Failed, Nothing, Outcome, Snooze
from actors.domain.retry import Retry
from actors.domain.timetable import Action, After, Entry, Fire, Miss, Timetable, slot_before

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
LONGEST = 10 * MINUTE


def hourly(job: str = "plan", **more: object) -> Entry:
    return Entry(job, HOUR, longest=LONGEST, **more)  # type: ignore[arg-type]


def table(*entries: Entry, last: datetime | None = NOON - HOUR) -> Timetable:
    """Return a timetable whose jobs last ran at `last`; None: never."""
    timetable = Timetable.of(list(entries) or [hourly()])
    timetable.load(dict.fromkeys(timetable.rows, last) if last else {}, {})
    return timetable


def end(timetable: Timetable, fire: Action, outcome: Outcome, at: datetime, retry_in: timedelta = MINUTE) -> None:
    assert isinstance(fire, Fire)
    wait = retry_in.total_seconds()
    retry = Retry(timetable.rows[fire.job].entry.attempts, Backoff(wait, wait))
    timetable.settled(fire.job, fire.slot, fire.attempt, outcome, at, retry.after(outcome, fire.attempt, at, 1.0, 0.0))


def test_d1_a_job_that_never_ran_fires_at_once_for_the_slot_before() -> None:
    assert table(last=None).tick(NOON + 7 * MINUTE) == [Fire("plan", NOON, 1, "catch_up")]


def test_d1_a_job_that_fails_for_good_at_its_first_run_fires_again_at_its_next_slot() -> None:
    timetable = table(last=None)
    (first,) = timetable.tick(NOON + 7 * MINUTE)
    end(timetable, first, Failed("first run", transient=False), NOON + 8 * MINUTE)
    assert timetable.tick(NOON + 59 * MINUTE) == []
    assert timetable.tick(NOON + HOUR) == [Fire("plan", NOON + HOUR, 1, "slot")]


def test_a_restart_neither_repeats_a_slot_nor_shifts_the_grid() -> None:
    timetable = table(last=NOON)
    assert timetable.tick(NOON + 59 * MINUTE) == []
    assert timetable.next_due(NOON + 59 * MINUTE) == NOON + HOUR


def test_an_offset_moves_the_grid() -> None:
    entry = hourly(offset=20 * MINUTE)
    assert slot_before(entry, NOON + 19 * MINUTE) == NOON - 40 * MINUTE
    assert slot_before(entry, NOON + 20 * MINUTE) == NOON + 20 * MINUTE


def test_of_several_slots_missed_together_the_latest_runs_and_the_others_are_recorded() -> None:
    actions = table(last=NOON - 4 * HOUR).tick(NOON + MINUTE)
    assert [action.slot for action in actions] == [NOON - 3 * HOUR, NOON - 2 * HOUR, NOON - HOUR, NOON]
    assert [type(action) for action in actions] == [Miss, Miss, Miss, Fire]
    assert actions[-1].trigger == "catch_up"


def test_a_long_outage_is_recorded_slot_by_slot_at_its_end_and_in_one_record_before() -> None:
    *misses, fire = table(last=NOON - 1000 * HOUR).tick(NOON)
    assert len(misses) == 101
    assert isinstance(misses[0], Miss)
    assert (misses[0].slots, misses[0].slot) == (899, NOON - 101 * HOUR)
    assert sum(miss.slots for miss in misses if isinstance(miss, Miss)) == 999
    assert fire == Fire("plan", NOON, 1, "catch_up")


def test_a_last_slot_off_the_grid_misses_no_slot_and_invents_none() -> None:
    timetable = table(last=NOON + 7 * MINUTE)
    assert timetable.tick(NOON + 30 * MINUTE) == []
    actions = timetable.tick(NOON + 2 * HOUR)
    assert [action.slot for action in actions] == [NOON + HOUR, NOON + 2 * HOUR]


def test_d1_a_last_slot_in_the_future_does_not_silence_the_job() -> None:
    timetable = table(last=NOON + 1000 * HOUR)
    assert timetable.tick(NOON) == [Fire("plan", NOON, 1, "catch_up")]
    assert timetable.tick(NOON + MINUTE) == []


def test_a_disabled_job_is_never_due() -> None:
    timetable = table(hourly(enabled=False), last=None)
    assert timetable.tick(NOON) == []
    assert timetable.triggered("plan", NOON, "operator") == []
    assert timetable.next_due(NOON) is None


# Runs under way


def test_a_slot_that_comes_while_the_job_runs_fires_when_it_ends() -> None:
    timetable = table(Entry("plan", MINUTE, longest=LONGEST))
    (*_, first) = timetable.tick(NOON)
    assert timetable.tick(NOON + MINUTE) == []
    end(timetable, first, Done({"x": 1}), NOON + 90 * SECOND)
    assert timetable.tick(NOON + 90 * SECOND) == [Fire("plan", NOON + MINUTE, 1, "slot")]


def test_of_two_slots_that_come_while_the_job_runs_the_earlier_is_missed_with_its_reason() -> None:
    timetable = table(Entry("plan", MINUTE, longest=LONGEST))
    timetable.tick(NOON)
    timetable.tick(NOON + MINUTE)
    (miss,) = timetable.tick(NOON + 2 * MINUTE)
    assert miss == Miss("plan", NOON + MINUTE, "it still waited when the next slot came", superseded=True)


def test_d2_a_run_that_nobody_reports_back_does_not_block_its_job_for_ever() -> None:
    timetable = table(Entry("plan", 6 * MINUTE, longest=LONGEST))
    timetable.tick(NOON)
    assert timetable.tick(NOON + 6 * MINUTE) == []
    assert timetable.next_due(NOON + 7 * MINUTE) == NOON + LONGEST
    assert timetable.tick(NOON + LONGEST) == [Fire("plan", NOON + 6 * MINUTE, 1, "slot")]


# Dependencies


DEPENDENT = hourly("posting", after=(After("plan", fresh=45 * MINUTE, patience=5 * MINUTE),))


@pytest.mark.parametrize("entries", [(hourly(), DEPENDENT), (DEPENDENT, hourly())], ids=["plan first", "posting first"])
def test_d7_a_job_waits_for_a_dependency_that_is_due_with_it_in_whichever_order_they_stand(entries: tuple) -> None:
    timetable = table(*entries, last=None)
    (plan,) = timetable.tick(NOON)
    assert plan.job == "plan"
    assert timetable.waiting(NOON) == {"posting": "plan has never succeeded"}
    end(timetable, plan, Done({"planned": 1}), NOON + MINUTE)
    assert timetable.tick(NOON + MINUTE) == [Fire("posting", NOON, 1, "catch_up")]
    assert timetable.waiting(NOON + MINUTE) == {}


def test_d7_when_the_dependency_keeps_it_waiting_past_its_patience_the_job_runs_degraded_with_the_reason() -> None:
    timetable = table(hourly(), DEPENDENT, last=None)
    timetable.tick(NOON)
    assert timetable.next_due(NOON + MINUTE) == NOON + 5 * MINUTE
    assert timetable.tick(NOON + 5 * MINUTE - SECOND) == []
    assert timetable.tick(NOON + 5 * MINUTE) == [Fire("posting", NOON, 1, "catch_up", "plan has never succeeded")]


def test_d7_a_failed_dependency_that_is_tried_again_is_still_waited_for_and_one_that_gave_up_is_not() -> None:
    timetable = table(hourly(attempts=2), DEPENDENT, last=None)
    (plan,) = timetable.tick(NOON)
    end(timetable, plan, Failed("away"), NOON + MINUTE)
    (again,) = timetable.tick(NOON + 2 * MINUTE)
    assert again == Fire("plan", NOON, 2, "retry")
    end(timetable, again, Failed("away"), NOON + 3 * MINUTE)
    (posting,) = timetable.tick(NOON + 3 * MINUTE)
    assert posting.job == "posting"
    assert posting.degraded


def test_a_stale_dependency_that_is_not_coming_is_not_waited_for() -> None:
    timetable = table(Entry("plan", 24 * HOUR), DEPENDENT, last=NOON)
    timetable.load({"plan": NOON, "posting": NOON}, {"plan": NOON})
    (posting,) = timetable.tick(NOON + HOUR)
    assert posting.degraded == f"plan has not succeeded since {NOON.isoformat()}"


def test_a_required_dependency_that_stays_stale_makes_the_slot_a_miss() -> None:
    entry = hourly("learn", after=(After("plan", fresh=HOUR, required=True),))
    timetable = table(entry, last=None)
    assert timetable.tick(NOON) == [Miss("learn", NOON, "plan has never succeeded")]


def test_a_dependency_may_be_as_old_as_it_may_be() -> None:
    timetable = table(Entry("plan", 24 * HOUR), DEPENDENT)
    timetable.load({"plan": NOON, "posting": NOON - HOUR}, {"plan": NOON - 45 * MINUTE})
    assert timetable.tick(NOON) == [Fire("posting", NOON, 1, "catch_up")]


def test_jobs_that_wait_for_each_other_run_degraded_when_their_patience_ends() -> None:
    chain = [hourly(a, after=(After(b, fresh=HOUR, patience=MINUTE),)) for a, b in (("x", "y"), ("y", "x"))]
    timetable = table(*chain, last=None)
    assert timetable.tick(NOON) == []
    assert [action.job for action in timetable.tick(NOON + MINUTE)] == ["x", "y"]


# Retries, snoozes and triggers


def test_a_transient_failure_is_tried_again_for_the_same_slot_while_attempts_are_left() -> None:
    timetable = table(hourly(attempts=2), last=None)
    (first,) = timetable.tick(NOON)
    end(timetable, first, Failed("away"), NOON + MINUTE, retry_in=2 * MINUTE)
    assert timetable.next_due(NOON + MINUTE) == NOON + 3 * MINUTE
    assert timetable.tick(NOON + 3 * MINUTE - SECOND) == []
    (second,) = timetable.tick(NOON + 3 * MINUTE)
    assert second == Fire("plan", NOON, 2, "retry")
    end(timetable, second, Failed("away"), NOON + 4 * MINUTE)
    assert timetable.next_due(NOON + 4 * MINUTE) == NOON + HOUR


@pytest.mark.parametrize(
    "outcome", [Failed("wrong", transient=False), Blocked("kill switch"), Nothing("empty"), Done({"x": 1})]
)
def test_nothing_but_a_transient_failure_is_tried_again(outcome: Outcome) -> None:
    timetable = table(hourly(attempts=5), last=None)
    end(timetable, timetable.tick(NOON)[0], outcome, NOON + MINUTE)
    assert timetable.next_due(NOON + MINUTE) == NOON + HOUR


@pytest.mark.parametrize(("outcome", "counts"), [(Done({"x": 1}), True), (Nothing("-"), True), (Blocked("-"), False)])
def test_c9_a_blocked_run_is_no_success_for_those_who_depend_on_it(outcome: Outcome, counts: bool) -> None:
    timetable = table(hourly(), DEPENDENT, last=None)
    end(timetable, timetable.tick(NOON)[0], outcome, NOON)
    (posting,) = timetable.tick(NOON)
    assert (posting.degraded == "") is counts


def test_a_snooze_ends_in_a_run_of_the_same_attempt_and_the_grid_goes_on() -> None:
    timetable = table(hourly(), last=None)
    end(timetable, timetable.tick(NOON)[0], Snooze(NOON + 20 * MINUTE, "cap"), NOON + MINUTE)
    (again,) = timetable.tick(NOON + 20 * MINUTE)
    assert again == Fire("plan", NOON, 1, "snooze")
    end(timetable, again, Done({"x": 1}), NOON + 21 * MINUTE)
    assert timetable.tick(NOON + HOUR) == [Fire("plan", NOON + HOUR, 1, "slot")]


def test_d9_a_slot_that_runs_meanwhile_takes_the_place_of_a_pending_retry() -> None:
    timetable = table(hourly(attempts=3), last=None)
    end(timetable, timetable.tick(NOON)[0], Failed("away"), NOON + 59 * MINUTE, retry_in=5 * MINUTE)
    (slot,) = timetable.tick(NOON + HOUR)
    assert slot == Fire("plan", NOON + HOUR, 1, "slot")
    end(timetable, slot, Done({"x": 1}), NOON + 61 * MINUTE)
    assert timetable.tick(NOON + 65 * MINUTE) == []


def test_a_trigger_runs_now_and_leaves_the_grid_alone() -> None:
    timetable = table(last=NOON)
    timetable.tick(NOON + MINUTE)
    (run,) = timetable.triggered("plan", NOON + 5 * MINUTE, "operator")
    assert run == Fire("plan", NOON + 5 * MINUTE, 1, "operator")
    end(timetable, run, Done({"x": 1}), NOON + 6 * MINUTE)
    assert timetable.tick(NOON + HOUR) == [Fire("plan", NOON + HOUR, 1, "slot")]


def test_d3_a_trigger_while_the_job_runs_is_no_second_run() -> None:
    timetable = table(last=None)
    timetable.tick(NOON)
    assert [timetable.triggered("plan", NOON + MINUTE, "operator") for _ in range(10)] == [[]] * 10


def test_a_trigger_answers_the_slot_that_waits_for_a_dependency() -> None:
    timetable = table(hourly(), DEPENDENT, last=None)
    timetable.tick(NOON)
    assert timetable.triggered("posting", NOON + MINUTE, "operator") == [Fire("posting", NOON, 1, "operator")]
    assert timetable.tick(NOON + 5 * MINUTE) == []


def test_the_end_of_a_job_nobody_knows_changes_nothing() -> None:
    timetable = table(last=NOON)
    timetable.settled("gone", NOON, 1, Done({"x": 1}), NOON, NOON)
    assert set(timetable.rows) == {"plan"}


def test_what_is_shown_as_due_is_the_next_slot_the_pending_retry_or_now_while_a_slot_waits() -> None:
    timetable = table(hourly(attempts=2), DEPENDENT, last=None)
    assert timetable.due_of("plan", NOON) == NOON
    (plan,) = timetable.tick(NOON)
    late = NOON + 3 * MINUTE
    assert (timetable.due_of("plan", late), timetable.due_of("posting", late)) == (NOON + HOUR, late)
    end(timetable, plan, Failed("away"), late, retry_in=2 * MINUTE)
    assert timetable.due_of("plan", late) == NOON + 5 * MINUTE
    assert timetable.due_of("plan", NOON + 6 * MINUTE) == NOON + 6 * MINUTE
    assert timetable.due_of("plan", NOON + 70 * MINUTE) == NOON + 70 * MINUTE


# Promises over time


def test_over_a_month_of_irregular_ticks_no_slot_drifts_and_each_is_answered_once() -> None:
    timetable, fired = table(Entry("plan", 7 * MINUTE, longest=MINUTE), last=NOON - 7 * MINUTE), []
    now, month = NOON, NOON + timedelta(days=30)
    while now < month:
        for action in timetable.tick(now):
            assert isinstance(action, Fire)
            fired.append(action.slot)
            end(timetable, action, Done({"x": 1}), now)
        due = timetable.next_due(now)
        assert due is not None
        now = due + timedelta(milliseconds=3)
    slots = int((fired[-1] - fired[0]) / (7 * MINUTE)) + 1
    assert len(fired) == len(set(fired)) == slots > 6000
    assert all((slot - EPOCH) % (7 * MINUTE) == timedelta() for slot in fired)


OUTCOMES = st.sampled_from(["done", "blocked", "failed", "snooze", "lost"])
STEPS = st.lists(st.tuples(st.integers(1, 1800), OUTCOMES, st.booleans()), min_size=1, max_size=60)


@settings(max_examples=200)
@given(steps=STEPS, every=st.integers(1, 20), patience=st.integers(1, 10), attempts=st.integers(1, 3))
def test_every_slot_ends_in_exactly_one_fire_or_miss_and_no_job_runs_twice_at_once(
    steps: list[tuple[int, str, bool]], every: int, patience: int, attempts: int
) -> None:
    after = (After("plan", HOUR, patience * MINUTE),)
    entries = [
        Entry("posting", every * MINUTE, after=after, attempts=attempts, longest=HOUR),
        Entry("plan", 7 * MINUTE, attempts=attempts, longest=HOUR),
    ]
    timetable, now, grid = table(*entries, last=None), NOON, {entry.job: entry for entry in entries}
    answered: dict[str, Counter[datetime]] = {job: Counter() for job in grid}
    under_way: dict[str, tuple[Fire, datetime]] = {}

    def take(actions: list[Action]) -> None:
        for action in actions:
            assert action.slot <= now
            if isinstance(action, Fire):
                assert action.job not in under_way or now >= under_way[action.job][1]
                under_way[action.job] = (action, now + HOUR)
            # A retry or a snooze's end answers its slot once more; a trigger of its own moment answers none.
            on_grid = slot_before(grid[action.job], action.slot) == action.slot
            if on_grid and not (isinstance(action, Fire) and action.trigger in ("retry", "snooze")):
                slots = action.slots if isinstance(action, Miss) else 1
                for number in range(slots):
                    answered[action.job][action.slot - number * grid[action.job].every] += 1

    for pause, outcome, is_triggered in steps:
        take(timetable.tick(now))
        if is_triggered and pause % 60:
            take(timetable.triggered("posting", now, "operator"))
        for fire, _ in list(under_way.values()):
            if outcome != "lost":
                del under_way[fire.job]
                results = {"done": Done({"x": 1}), "blocked": Blocked("-"), "failed": Failed("-")}
                result = results.get(outcome, Snooze(now + 3 * MINUTE, "-"))
                end(timetable, fire, result, now, retry_in=2 * MINUTE)
        now += pause * SECOND
    for _ in range(3):
        take(timetable.tick(now))
        under_way.clear()
        now += 2 * HOUR
    for job, entry in grid.items():
        last = timetable.rows[job].held
        pending = {last[0]} if last else set()
        slots = set(answered[job]) | pending
        expected = {max(slots) - number * entry.every for number in range(len(slots))}
        assert slots == expected, "no slot is skipped in silence"
        assert set(answered[job].values()) == {1}, "no slot is answered twice"


def test_the_next_of_some_jobs_is_the_first_of_their_due_times_and_now_while_one_waits_or_runs() -> None:
    half_past = hourly("thread", offset=30 * MINUTE)
    timetable, now = table(hourly(), half_past, hourly("learn"), last=None), NOON + 5 * MINUTE
    assert timetable.next_of(["plan", "thread"], now) == now
    fires = {fire.job: fire for fire in timetable.tick(now)}
    assert timetable.next_of(["plan", "thread"], now) == now

    end(timetable, fires["plan"], Done({"x": 1}), now)
    assert timetable.next_of(["plan", "thread"], now) == now
    end(timetable, fires["thread"], Done({"x": 1}), now)

    assert timetable.next_of(["plan", "thread"], now) == NOON + 30 * MINUTE
    assert timetable.next_of(["plan"], now) == NOON + HOUR


def test_a_retry_or_a_snooze_is_the_next_of_its_job_and_of_no_job_there_is_none() -> None:
    timetable = table(hourly(attempts=2), last=None)
    (fire,) = timetable.tick(NOON)
    end(timetable, fire, Failed("away"), NOON, retry_in=MINUTE)
    assert timetable.next_of(["plan"], NOON) == NOON + MINUTE
    assert timetable.next_of(["unknown"], NOON) is None


@given(pauses=st.lists(st.integers(1, 600), max_size=50))
def test_next_due_never_lies_in_the_past_and_nothing_happens_before_it(pauses: list[int]) -> None:
    timetable, now = table(hourly(attempts=2), DEPENDENT, last=None), NOON
    for pause in pauses:
        for action in timetable.tick(now):
            if isinstance(action, Fire) and pause % 2:
                end(timetable, action, Failed("away"), now, retry_in=90 * SECOND)
        timetable.tick(now)
        due = timetable.next_due(now)
        assert due is not None
        assert due >= now
        before = min(due - SECOND, now + pause * SECOND)
        if before > now:
            assert timetable.tick(before) == []
        now = max(now + pause * SECOND, before)


def test_jobs_that_fall_due_together_come_in_the_order_in_which_they_are_to_be_served() -> None:
    stretches = {"long": 540.0, "publish": -math.inf, "short": 9.0}
    timetable = table(*(hourly(job, stretch_s=stretch) for job, stretch in stretches.items()))
    assert [action.job for action in timetable.tick(NOON)] == ["publish", "short", "long"]


def test_a_stage_that_is_asked_for_while_the_job_runs_is_done_right_after_with_all_that_were_asked_for() -> None:
    timetable = table(last=NOON)
    (run,) = timetable.triggered("plan", NOON + MINUTE, "operator")
    for stage in ("outline", "theme", "outline"):
        assert timetable.triggered("plan", NOON + 2 * MINUTE, f"operator:{stage}") == []
    assert timetable.tick(NOON + 2 * MINUTE) == []
    end(timetable, run, Done({"planned": 1}), NOON + 3 * MINUTE)
    assert timetable.tick(NOON + 3 * MINUTE) == [Fire("plan", NOON + 2 * MINUTE, 1, "operator:outline:theme")]


def test_a_stage_that_is_asked_for_is_done_besides_slot_retry_and_snooze_and_takes_the_place_of_none() -> None:
    timetable = table(last=NOON)
    (run,) = timetable.triggered("plan", NOON + 55 * MINUTE, "operator")
    timetable.triggered("plan", NOON + 58 * MINUTE, "operator:theme")
    assert timetable.tick(NOON + HOUR) == []
    end(timetable, run, Snooze(NOON + 90 * MINUTE, "later"), NOON + 61 * MINUTE)
    (slot,) = timetable.tick(NOON + 61 * MINUTE)
    assert slot == Fire("plan", NOON + HOUR, 1, "catch_up")
    end(timetable, slot, Snooze(NOON + 90 * MINUTE, "later"), NOON + 62 * MINUTE)
    (asked,) = timetable.tick(NOON + 62 * MINUTE)
    assert asked == Fire("plan", NOON + 58 * MINUTE, 1, "operator:theme")
    end(timetable, asked, Done({"themes": 1}), NOON + 63 * MINUTE)
    assert timetable.tick(NOON + 90 * MINUTE) == [Fire("plan", NOON + HOUR, 1, "snooze")]
