"""The bands of a mailbox, one rule after the other; tests/models has them against a model."""

from __future__ import annotations

import pytest

from actors.domain.mailbox import Bands, Verdict
from actors.domain.priority import Band
from actors.errors import ActorUnavailableError, MailboxFullError


def bands(capacity: int = 100) -> tuple[Bands[str], int]:
    box: Bands[str] = Bands("box", capacity)
    return box, box.next_generation()


def test_generations_are_numbered_from_one_without_a_gap_but_for_a_fence() -> None:
    box: Bands[str] = Bands("box", 1)
    assert box.generation == 0
    assert [box.next_generation() for _ in range(3)] == [1, 2, 3]
    box.fence(3)
    assert box.generation == 4
    box.close()
    assert box.generation == 5


def test_before_anybody_stops_it_even_the_first_reader_gets_letters() -> None:
    box: Bands[str] = Bands("box", 1)
    box.put("letter", Band.P2)
    assert box.take(0, is_due=False) == "letter"


def test_a_band_that_is_full_says_whose_it_is_how_much_it_holds_and_what_to_do() -> None:
    box, _ = bands(2)
    box.put("one", Band.P3)
    box.put("two", Band.P3)
    with pytest.raises(MailboxFullError) as raised:
        box.put("three", Band.P3)
    assert str(raised.value) == "the mailbox of box holds 2 messages (try again later)"
    assert len(box) == 2


def test_a_closed_mailbox_takes_nothing_and_says_whose_it_was() -> None:
    box, reader = bands()
    box.put("left", Band.P1)
    box.put("left, and more urgent", Band.CONTROL)
    assert box.close() == ["left, and more urgent", "left"]
    for _ in range(2):
        with pytest.raises(ActorUnavailableError) as raised:
            box.put("late", Band.CONTROL)
        assert str(raised.value) == "box has stopped and takes no messages"
    assert len(box) == 0
    assert box.take(reader, is_due=False) is Verdict.FENCED


@pytest.mark.parametrize("meanwhile", ["next_generation", "close"])
def test_a_reader_that_is_fenced_while_it_takes_a_letter_lays_it_back(meanwhile: str) -> None:
    box, reader = bands()
    box.put("first", Band.P1)
    box.put("second", Band.P1)

    class Fencing(type(box._bands[0])):  # type: ignore[misc]
        def popleft(self) -> str:
            letter: str = super().popleft()
            if box.generation == reader:
                getattr(box, meanwhile)()
            return letter

    box._bands = (*box._bands[:2], Fencing(box._bands[2]), *box._bands[3:])
    assert box.take(reader, is_due=False) is Verdict.FENCED
    assert box.take(box.generation, is_due=False) == "first"


def test_a_band_that_another_reader_has_just_emptied_is_empty() -> None:
    box, reader = bands()

    class Emptied(type(box._bands[0])):  # type: ignore[misc]
        def popleft(self) -> str:
            raise IndexError

    box._bands = (*box._bands[:2], Emptied(["gone in this moment"]), *box._bands[3:])
    assert box.take(reader, is_due=False) is None


def test_a_letter_that_comes_while_the_mailbox_closes_is_told_to_its_sender() -> None:
    box, _ = bands()
    band = box._bands[Band.P1]

    class Slow(type(band)):  # type: ignore[misc]
        def append(self, letter: str) -> None:
            box.close()
            super().append(letter)

    box._bands = (*box._bands[:2], Slow(), *box._bands[3:])
    with pytest.raises(ActorUnavailableError, match="box has stopped"):
        box.put("late", Band.P1)
