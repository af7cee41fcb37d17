"""The bands of a mailbox against a model that is one plain list, over random scripts."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from actors.domain.mailbox import Bands, Verdict
from actors.domain.priority import Band
from actors.errors import ActorUnavailableError, MailboxFullError
from tests.models.traces import compare, each_part

CAPACITY = 2


class MailboxModel(RuleBasedStateMachine):
    """What waits, as (band, number of its putting): the next to be served is the smallest.

    Each letter is put with its number, so that a lost, doubled or overtaken one is seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bands: Bands[int] = Bands("box", CAPACITY)
        self.waiting: list[tuple[int, int]] = []
        self.reader, self.oldest = 0, 0
        self.is_stopping = self.is_closed = False
        self.numbers = 0
        self.put_in: list[int] = []
        self.served: list[int] = []
        self.left: list[int] = []

    @initialize()
    def the_first_reader(self) -> None:
        self.reader = self.bands.next_generation()

    @rule(band=st.sampled_from(Band))
    def put(self, band: Band) -> None:
        self.numbers += 1
        in_band = sum(each == band for each, _ in self.waiting)
        try:
            self.bands.put(self.numbers, band)
        except ActorUnavailableError:
            assert self.is_closed
        except MailboxFullError:
            assert band is not Band.CONTROL
            assert in_band == CAPACITY
        else:
            assert not self.is_closed
            assert band is Band.CONTROL or in_band < CAPACITY
            self.waiting.append((band, self.numbers))
            self.put_in.append(self.numbers)

    @precondition(lambda self: not self.is_closed)
    @rule(is_due=st.booleans())
    def take(self, *, is_due: bool) -> None:
        taken = self.bands.take(self.reader, is_due)
        assert taken == self._expected(is_due=is_due)
        if isinstance(taken, int):
            self.waiting.remove(min(self.waiting))
            self.served.append(taken)

    @rule(age=st.integers(1, 3), is_due=st.booleans())
    def an_older_reader_takes(self, age: int, *, is_due: bool) -> None:
        assert self.bands.take(self.reader - age, is_due) is Verdict.FENCED

    @rule(does=st.sampled_from(["stop", "fence"]), age=st.integers(1, 3))
    def an_older_reader_is_stopped_or_fenced(self, does: str, age: int) -> None:
        getattr(self.bands, does)(self.reader - age)

    @precondition(lambda self: not self.is_closed)
    @rule()
    def stop(self) -> None:
        self.bands.stop(self.reader)
        self.is_stopping = True

    @precondition(lambda self: not self.is_closed)
    @rule()
    def fence(self) -> None:
        self.bands.fence(self.reader)
        assert self.bands.take(self.reader, is_due=False) is Verdict.FENCED
        self.the_next_reader()

    @precondition(lambda self: not self.is_closed)
    @rule()
    def the_next_reader(self) -> None:
        before, self.reader = self.reader, self.bands.next_generation()
        assert self.reader > before
        self.is_stopping = False

    @precondition(lambda self: not self.is_closed and self.numbers > 8)
    @rule()
    def close(self) -> None:
        self.left = self.bands.close()
        assert self.left == [number for _, number in sorted(self.waiting)]
        assert self.bands.take(self.reader, is_due=True) is Verdict.FENCED
        self.waiting, self.is_closed = [], True

    @invariant()
    def as_many_wait_as_were_put_and_not_served(self) -> None:
        assert len(self.bands) == len(self.waiting)

    def teardown(self) -> None:
        """Nothing is lost, nothing comes twice."""
        while not self.is_closed and not self.is_stopping and self.waiting:
            self.take(is_due=False)
        left = [number for _, number in self.waiting]
        assert sorted([*self.served, *self.left, *left]) == sorted(self.put_in)

    def _expected(self, *, is_due: bool) -> Any:
        if self.is_stopping:
            return Verdict.STOP
        first = min(self.waiting, default=None)
        if is_due and (first is None or first[0] != Band.CONTROL):
            return Verdict.WAKE
        return first and first[1]


@each_part
def test_of_what_is_put_nothing_is_lost_doubled_or_overtaken_within_its_band(seed: int) -> None:
    compare(MailboxModel, seed)


def test_a_p0_message_told_after_ten_thousand_of_p3_is_the_next_one_handled() -> None:
    bands: Bands[str] = Bands("box", 10_000)
    reader = bands.next_generation()
    for _ in range(10_000):
        bands.put("background", Band.P3)
    bands.put("urgent", Band.P0)
    assert bands.take(reader, is_due=False) == "urgent"
    assert bands.take(reader, is_due=False) == "background"
    assert len(bands) == 9_999
