"""The mailbox with its readers: waiting, timers, generations, and threads that put at once."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from actors.domain.mailbox import Verdict
from actors.domain.priority import Band
from actors.errors import ActorUnavailableError, MailboxFullError
from actors.messages import Wake
from actors.runtime.mailbox import Inbox, Letter, Mailbox
from tests.runtime.stage import WAIT


def mailbox(capacity: int = 100) -> tuple[Mailbox, Inbox]:
    box = Mailbox("box", capacity)
    return box, successor(box)


def successor(box: Mailbox) -> Inbox:
    return Inbox(box, box.next_generation())


def reading(inbox: Inbox, looks: int = 1) -> tuple[list[Any], threading.Thread]:
    """Let a thread read one letter; it has looked so often by the time this returns, and holds out its hand."""
    got: list[Any] = []
    looked = threading.Semaphore(0)
    take = inbox._take

    def look(generation: int, is_due: bool) -> Any:
        taken = take(generation, is_due)
        looked.release()
        return taken

    inbox._take = look  # type: ignore[method-assign]
    reader = threading.Thread(target=lambda: got.append(inbox.get()), daemon=True)
    reader.start()
    for _ in range(looks):
        assert looked.acquire(timeout=WAIT), "the reader never waited"
    return got, reader


def test_a_timer_that_is_due_comes_before_the_backlog_and_after_control() -> None:
    box, inbox = mailbox()
    inbox.wake_at = time.monotonic()
    box.put(Letter("work"), Band.P0)
    box.put(Letter("control"), Band.CONTROL)
    served = [inbox.get().message for _ in range(3)]  # type: ignore[union-attr]
    assert [served[0], type(served[1]), served[2]] == ["control", Wake, "work"]


def test_a_wake_clears_the_timer_so_that_it_rings_once() -> None:
    _, inbox = mailbox()
    inbox.wake_at = time.monotonic() + 0.01
    assert isinstance(inbox.get().message, Wake)  # type: ignore[union-attr]
    assert inbox.wake_at is None


def test_a_letter_wakes_the_reader_that_waits_for_it() -> None:
    box, inbox = mailbox()
    got, reader = reading(inbox)
    box.put(Letter("late"), Band.P3)
    reader.join(WAIT)
    assert got[0].message == "late"


def test_a_reader_that_waited_in_vain_leaves_no_hand_behind() -> None:
    box, inbox = mailbox()
    for _ in range(3):
        inbox.wake_at = time.monotonic() + 0.001
        inbox.get()
    assert not box.hands


def test_the_next_generation_fences_a_waiting_reader_and_finds_every_letter() -> None:
    box, first = mailbox()
    got, reader = reading(first)
    second = successor(box)
    reader.join(WAIT)
    box.put(Letter("for the second"), Band.P2)
    assert got == [Verdict.FENCED]
    assert first.get() is Verdict.FENCED
    assert second.get().message == "for the second"  # type: ignore[union-attr]


def test_a_stop_reaches_only_the_incarnation_it_is_meant_for_and_before_everything_else() -> None:
    box, first = mailbox()
    box.put(Letter("control"), Band.CONTROL)
    box.stop(first.generation)
    assert first.get() is Verdict.STOP
    assert successor(box).get().message == "control"  # type: ignore[union-attr]


def test_a_stop_wakes_the_reader_that_waits() -> None:
    box, inbox = mailbox()
    got, reader = reading(inbox)
    box.stop(inbox.generation)
    reader.join(WAIT)
    assert got == [Verdict.STOP]


def test_an_old_supervisors_stop_or_fence_does_not_touch_the_successor() -> None:
    box, first = mailbox()
    second = successor(box)
    box.stop(first.generation)
    box.fence(first.generation)
    box.put(Letter("mine"), Band.P2)
    assert second.get().message == "mine"  # type: ignore[union-attr]
    box.fence(second.generation)
    assert second.get() is Verdict.FENCED


def test_a_full_mailbox_says_so_to_the_sender_and_takes_control_and_p0_all_the_same() -> None:
    box, _ = mailbox(capacity=1)
    box.put(Letter(1), Band.P3)
    with pytest.raises(MailboxFullError, match="box holds 1 messages"):
        box.put(Letter(2), Band.P3)
    box.put(Letter(3), Band.CONTROL)
    box.put(Letter(4), Band.P0)
    assert len(box) == 3


def test_a_closed_mailbox_hands_back_what_is_left_and_refuses_even_control() -> None:
    box, inbox = mailbox()
    box.put(Letter("left"), Band.P1)
    assert [letter.message for letter in box.close()] == ["left"]
    assert inbox.get() is Verdict.FENCED
    with pytest.raises(ActorUnavailableError):
        box.put(Letter("late"), Band.CONTROL)


def test_of_all_that_many_threads_put_at_once_nothing_is_lost_or_doubled_and_each_ones_order_is_kept() -> None:
    box, inbox = mailbox(capacity=100_000)
    senders, each = 8, 500

    def send(sender: int) -> None:
        for number in range(each):
            box.put(Letter((sender, number)), Band(number % len(Band)))

    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(senders)]
    for thread in threads:
        thread.start()
    served = [inbox.get().message for _ in range(senders * each)]  # type: ignore[union-attr]
    assert (len(box), len(box.hands)) == (0, 0)
    assert sorted(served) == [(sender, number) for sender in range(senders) for number in range(each)]
    for sender in range(senders):
        for band in Band:
            numbers = [number for who, number in served if who == sender and number % len(Band) == band]
            assert numbers == sorted(numbers)


def test_a_call_that_was_left_over_costs_one_look_and_no_hand() -> None:
    box, inbox = mailbox()
    for _ in range(3):
        inbox._hand.put(None)
        got, reader = reading(inbox, looks=2)
        box.put(Letter("late"), Band.P2)
        reader.join(WAIT)
        assert got[0].message == "late"
    assert (len(box.hands), inbox._hand.qsize()) == (0, 0)


def test_while_generations_take_turns_every_letter_is_served_exactly_once() -> None:
    box, letters = Mailbox("box", 100_000), 2_000
    served: list[int] = []
    done = threading.Event()

    def read(inbox: Inbox) -> None:
        while (letter := inbox.get()) is not Verdict.FENCED:
            served.append(letter.message)  # type: ignore[union-attr]
            if len(served) == letters:
                done.set()

    readers = []
    for number in range(letters):
        if number % 40 == 0:
            readers.append(threading.Thread(target=read, args=(successor(box),), daemon=True))
            readers[-1].start()
        box.put(Letter(number), Band.P1)
    assert done.wait(WAIT)
    box.close()
    for reader in readers:
        reader.join(WAIT)
    assert sorted(served) == list(range(letters))
