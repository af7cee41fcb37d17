"""The mailbox without an actor: bands, bound, timers, generations."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.priority import Band
from actors.errors import ActorUnavailableError, MailboxFullError
from actors.messages import Fenced, Stop, Wake
from actors.runtime.mailbox import Inbox, Letter, Mailbox
from tests.runtime.stage import WAIT


def mailbox(capacity: int = 100) -> tuple[Mailbox, int]:
    box = Mailbox("box", capacity)
    return box, box.next_generation()


@given(st.lists(st.sampled_from(list(Band)), max_size=50))
def test_letters_are_served_by_band_and_in_order_within_a_band(bands: list[Band]) -> None:
    box, generation = mailbox()
    letters = [(band, number) for number, band in enumerate(bands)]
    for letter in letters:
        box.put(Letter(letter), letter[0])
    assert [box.get(generation, None).message for _ in letters] == sorted(letters)


def test_a_timer_that_is_due_comes_before_the_backlog_and_after_control() -> None:
    box, generation = mailbox()
    box.put(Letter("work"), Band.P0)
    box.put(Letter("control"), Band.CONTROL)
    served = [box.get(generation, time.monotonic()).message for _ in range(2)]
    assert served[0] == "control"
    assert isinstance(served[1], Wake)


def test_a_wake_clears_the_timer_so_that_it_rings_once() -> None:
    box, generation = mailbox()
    inbox = Inbox(box, generation)
    inbox.wake_at = time.monotonic()
    assert isinstance(inbox.get().message, Wake)
    assert inbox.wake_at is None


def test_a_letter_wakes_the_reader_that_waits_for_it() -> None:
    box, generation = mailbox()
    got: list[object] = []
    reader = threading.Thread(target=lambda: got.append(box.get(generation, None).message))
    reader.start()
    box.put(Letter("late"), Band.P3)
    reader.join(WAIT)
    assert got == ["late"]


def test_the_next_generation_fences_a_waiting_reader_and_finds_every_letter() -> None:
    box, first = mailbox()
    got: list[object] = []
    reader = threading.Thread(target=lambda: got.append(box.get(first, None).message))
    reader.start()
    second = box.next_generation()
    reader.join(WAIT)
    box.put(Letter("for the second"), Band.P2)
    assert isinstance(got[0], Fenced)
    assert isinstance(box.get(first, None).message, Fenced)
    assert box.get(second, None).message == "for the second"


def test_a_stop_reaches_only_the_incarnation_it_is_meant_for_and_before_everything_else() -> None:
    box, first = mailbox()
    box.put(Letter("control"), Band.CONTROL)
    box.stop(first)
    assert isinstance(box.get(first, None).message, Stop)
    second = box.next_generation()
    assert box.get(second, None).message == "control"


def test_an_old_supervisors_stop_or_fence_does_not_touch_the_successor() -> None:
    box, first = mailbox()
    second = box.next_generation()
    box.stop(first)
    box.fence(first)
    box.put(Letter("mine"), Band.P2)
    assert box.get(second, None).message == "mine"
    box.fence(second)
    assert isinstance(box.get(second, None).message, Fenced)


def test_a_full_mailbox_says_so_to_the_sender_and_takes_control_all_the_same() -> None:
    box, _ = mailbox(capacity=1)
    box.put(Letter(1), Band.P0)
    with pytest.raises(MailboxFullError, match="box holds 1 messages"):
        box.put(Letter(2), Band.P0)
    box.put(Letter(3), Band.CONTROL)
    assert len(box) == 2


def test_a_closed_mailbox_hands_back_what_is_left_and_refuses_even_control() -> None:
    box, generation = mailbox()
    box.put(Letter("left"), Band.P1)
    assert [letter.message for letter in box.close()] == ["left"]
    assert isinstance(box.get(generation, None).message, Fenced)
    with pytest.raises(ActorUnavailableError):
        box.put(Letter("late"), Band.CONTROL)
