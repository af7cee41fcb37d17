"""The timetable, which looks only at jobs whose time has come, against a model that looks at all of them every time."""

from __future__ import annotations

import math
from copy import deepcopy
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from actors.domain.outcome import Blocked, Done, Failed, Snooze
from actors.domain.timetable import After, Entry, Fire, Timetable
from tests.models.timetable_model import TimetableModel
from tests.models.traces import compare, each_part

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
JOBS = "abcdef"

minutes = st.integers(1, 12).map(lambda number: number * MINUTE)
afters = st.builds(After, st.sampled_from(JOBS + "x"), minutes, minutes, required=st.booleans())
entries = st.builds(
    Entry,
    st.sampled_from(JOBS),
    every=minutes,
    offset=st.sampled_from([timedelta(), MINUTE / 2]),
    after=st.lists(afters, max_size=2).map(tuple),
    enabled=st.integers(0, 5).map(bool),
    longest=minutes,
    stretch_s=st.sampled_from([-math.inf, 0.0, 90.0, 3600.0]),
)
moments = st.one_of(st.none(), st.integers(-200, 5).map(lambda number: NOON + number * MINUTE))
histories = st.dictionaries(st.sampled_from(JOBS), moments.filter(bool))


class TimetableAndModel(RuleBasedStateMachine):
    """Tells the timetable and the model the same."""

    @initialize(
        jobs=st.lists(entries, min_size=2, max_size=6, unique_by=lambda entry: entry.job),
        slots=histories,
        successes=histories,
    )
    def begin(self, jobs: list[Entry], slots: dict[str, datetime], successes: dict[str, datetime]) -> None:
        self.timetable, self.model = Timetable.of(jobs), TimetableModel.of(jobs)
        self.timetable.load(slots, successes)
        self.model.load(slots, successes)
        self.jobs = [entry.job for entry in jobs]
        self.under_way: list[Fire] = []
        self.now = NOON

    def tick(self) -> None:
        actions = self.timetable.tick(self.now)
        assert actions == self.model.tick(self.now)
        self.under_way += [action for action in actions if isinstance(action, Fire)]
        assert all(self.timetable.rows[job].held == row.held for job, row in self.model.rows.items())
        assert self.timetable.waiting(self.now) == self.model.waiting(self.now)
        assert all(
            self.timetable.due_of(job, self.now) == self.model.due_of(job, self.now) for job in self.timetable.rows
        )

    @rule(seconds=st.sampled_from([0, 1, 20, 30, 60, 90, 300, 3600, -1, -90]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.tick()

    @rule()
    def time_passes_until_the_next_is_due(self) -> None:
        self.tick()
        due = self.timetable.next_due(self.now)
        assert (due is None) is (self.model.next_due(self.now) is None)
        if due is None:
            return
        assert due >= self.now
        for part in (0.3, 0.999):
            before = self.now + part * (due - self.now)
            if before < due:
                assert deepcopy(self.model).tick(before) == [], "nothing is due before the next is due"
        self.now = due
        self.tick()

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), result=st.sampled_from(["done", "blocked", "failed", "snooze", "lost"]))
    def a_run_ends(self, data: st.DataObject, result: str) -> None:
        fire = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        if result == "lost":
            return
        outcomes = {"done": Done({"x": 1}), "blocked": Blocked("-"), "failed": Failed("-")}
        outcome = outcomes.get(result, Snooze(self.now + 3 * MINUTE, "-"))
        retry_at = self.now + 2 * MINUTE if data.draw(st.booleans()) else None
        for machine in (self.timetable, self.model):
            machine.settled(fire.job, fire.slot, fire.attempt, outcome, self.now, retry_at)

    @rule(data=st.data())
    def somebody_triggers(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(self.jobs))
        actions = self.timetable.triggered(job, self.now, "operator")
        assert actions == self.model.triggered(job, self.now, "operator")
        self.under_way += [action for action in actions if isinstance(action, Fire)]


@each_part
def test_the_timetable_does_what_a_look_at_every_job_would_do(seed: int) -> None:
    compare(TimetableAndModel, seed)
