"""Candidates for the lease over one row: questions and answers that travel, processes that freeze, die or give up."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from actors.domain.lease import Lease, LeaseRow
from tests.models.traces import compare, each_part

CANDIDATES = 2
LENGTH = 30.0

who = st.integers(0, CANDIDATES - 1)


@dataclass
class Row:
    """The row by the rules of `renew_lease` and `release_lease`, which tests/sql holds Postgres to."""

    holder: str = ""
    fence: int = 0
    expires: float = 0.0

    def renew(self, boot: str, now: float) -> LeaseRow:
        if self.expires <= now and self.holder != boot:
            self.holder, self.fence = boot, self.fence + 1
        if self.holder == boot:
            self.expires = max(self.expires, now + LENGTH)
        return LeaseRow(self.holder, self.fence, self.holder == boot, self.expires - now)

    def release(self, boot: str, now: float) -> bool:
        if self.holder != boot or self.expires <= now:
            return False
        self.expires = now
        return True


@dataclass
class Candidate:
    """A process: its machine, and its one question, which is on its way there or back."""

    boot: str
    lease: Lease = field(default_factory=lambda: Lease(LENGTH))
    asked_at: float | None = None
    answer: LeaseRow | None = None
    is_releasing: bool = False


class CandidatesAndRow(RuleBasedStateMachine):
    """Every step of every candidate may come at any time: a candidate without steps is a frozen one."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.row, self.boots = 0.0, Row(), 0
        self.candidates = [self.new() for _ in range(CANDIDATES)]
        self.fences: dict[int, str] = {}

    def new(self) -> Candidate:
        self.boots += 1
        return Candidate(f"boot-{self.boots}")

    @rule(step=st.sampled_from([0.1, 1.0, 5.0, 10.0, 29.9, 31.0]))
    def time_passes(self, step: float) -> None:
        self.now += step

    @rule(number=who)
    def asks(self, number: int) -> None:
        candidate = self.candidates[number]
        if candidate.asked_at is None and not candidate.is_releasing:
            candidate.asked_at = self.now

    @rule(number=who)
    def is_served(self, number: int) -> None:
        candidate = self.candidates[number]
        if candidate.asked_at is not None and candidate.answer is None:
            candidate.answer = self.row.renew(candidate.boot, self.now)
            assert self.fences.setdefault(self.row.fence, self.row.holder) == self.row.holder

    @rule(number=who)
    def hears(self, number: int) -> None:
        candidate = self.candidates[number]
        if candidate.asked_at is not None and candidate.answer is not None:
            candidate.lease.answered(candidate.answer, candidate.asked_at, self.now)
            candidate.asked_at = candidate.answer = None

    @rule(number=who, there=st.sampled_from([0.0, 1.0, 29.9]), back=st.sampled_from([0.0, 1.0, 29.9]))
    def asks_and_hears(self, number: int, there: float, back: float) -> None:
        # Drawn one by one, the three steps are seldom played to their end.
        self.asks(number)
        self.now += there
        self.is_served(number)
        self.now += back
        self.hears(number)

    @rule(number=who)
    def hears_nothing(self, number: int) -> None:
        candidate = self.candidates[number]
        if candidate.asked_at is not None:
            candidate.lease.failed(self.now)
            candidate.asked_at = candidate.answer = None

    @rule(number=who)
    def looks(self, number: int) -> None:
        self.candidates[number].lease.looked(self.now)

    @rule(number=who)
    def gives_it_back(self, number: int) -> None:
        candidate = self.candidates[number]
        if candidate.asked_at is None:
            candidate.is_releasing = True
            if self.row.release(candidate.boot, self.now):
                candidate.lease.released()

    @rule(number=who)
    def dies_and_is_followed_by_another(self, number: int) -> None:
        self.candidates[number] = self.new()

    @invariant()
    def at_most_one_is_the_publisher_and_the_row_says_so(self) -> None:
        holders = [candidate for candidate in self.candidates if candidate.lease.is_ours(self.now)]
        assert len(holders) <= 1
        for holder in holders:
            assert (holder.boot, holder.lease.held) == (self.row.holder, self.row.fence)
            assert self.now < self.row.expires


@each_part
def test_c5_2_at_most_one_process_takes_itself_for_the_publisher_whatever_is_late_frozen_or_dead(seed: int) -> None:
    compare(CandidatesAndRow, seed)
