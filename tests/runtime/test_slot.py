"""Slots of both kinds: one errand at a time, and whatever it raises hits its own request alone."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from actors.errors import AppError, NotFoundError, PermanentError, ResourceDiedError
from actors.messages import SlotSettled
from actors.runtime.address import Address
from actors.runtime.loop import LoopThread
from actors.runtime.mailbox import Inbox
from actors.runtime.slot import CoroutineSlot, Place, ThreadSlot, as_app_error
from tests.runtime.stage import WAIT, AsyncHandle, Handle, hang, request, take

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.stop()


class Sync:
    """A thread slot in its place."""

    def __init__(self) -> None:
        self.front, self.handle = Address("front"), Handle()
        self.slot: Any = ThreadSlot(Place(self.front, 2, 7), self.handle)

    def give(self, work: Any) -> Any:
        asked = request(work)
        self.slot.give(asked)
        return asked.reply

    def news(self, count: int) -> list[SlotSettled]:
        inbox = Inbox(self.front.mailbox, self.front.mailbox.next_generation())
        return [inbox.get().message for _ in range(count)]


class Async(Sync):
    """A coroutine slot in its place; its errands are wrapped plain functions."""

    def __init__(self, loop: LoopThread) -> None:
        self.front, self.handle = Address("front"), AsyncHandle()  # type: ignore[assignment]
        self.slot = CoroutineSlot(Place(self.front, 2, 7), self.handle, loop)  # type: ignore[arg-type]

    def give(self, work: Any) -> Any:
        async def run(handle: Any) -> Any:
            return work(handle)

        return super().give(run)


@pytest.fixture(params=["thread", "coroutine"])
def placed(request: pytest.FixtureRequest, loop: LoopThread) -> Sync:
    return Sync() if request.param == "thread" else Async(loop)


def raising(error: BaseException) -> Any:
    def work(handle: Any) -> None:
        raise error

    return work


def test_a_result_goes_to_the_asker_and_the_news_of_the_free_slot_to_the_front(placed: Sync) -> None:
    assert placed.give(lambda _: 42).wait(WAIT) == 42
    (news,) = placed.news(1)
    assert (news.slot, news.generation, news.error) == (2, 7, None)


@pytest.mark.parametrize("error", [None, NotFoundError("no such tweet")])
def test_whatever_the_asker_does_next_the_front_has_heard_of_the_end(error: BaseException | None) -> None:
    front, heard = Address("front"), []

    class Asker:
        def settle(self, _: Any) -> None:
            heard.extend(take(front, SlotSettled))

        fail = settle

    Place(front, 2, 7).settle(request(None, reply=Asker()), "done", error)
    assert [(news.slot, news.error) for news in heard] == [(2, error)]


@pytest.mark.parametrize(
    "error", [SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError(), MemoryError(), OSError(5, "gone")]
)
def test_what_is_no_error_of_ours_fails_its_own_request_and_the_slot_goes_on(
    placed: Sync, error: BaseException
) -> None:
    with pytest.raises(ResourceDiedError, match=type(error).__name__):
        placed.give(raising(error)).wait(WAIT)
    assert placed.give(lambda _: "next").wait(WAIT) == "next"
    assert [type(news.error) for news in placed.news(2)] == [ResourceDiedError, type(None)]


def test_an_error_of_ours_reaches_the_asker_as_it_is(placed: Sync) -> None:
    error = NotFoundError("no such tweet")
    with pytest.raises(NotFoundError) as caught:
        placed.give(raising(error)).wait(WAIT)
    assert caught.value is error


@pytest.mark.parametrize("error", [TypeError("x"), KeyError("x"), AttributeError("x"), AssertionError(), ValueError()])
def test_a5_a_bug_in_an_errand_does_not_speak_against_the_resource(error: Exception) -> None:
    wrapped = as_app_error(error, "here")
    assert isinstance(wrapped, PermanentError)
    assert not wrapped.is_infrastructure
    assert wrapped.__cause__ is error


def test_errands_given_one_after_the_other_run_one_at_a_time() -> None:
    placed, order = Sync(), []
    gate = threading.Event()
    first = placed.give(lambda _: order.append("first") if gate.wait(WAIT) else None)
    second = placed.give(lambda _: order.append("second"))
    gate.set()
    first.wait(WAIT)
    second.wait(WAIT)
    assert order == ["first", "second"]


def test_a9_a_revoked_thread_slot_destroys_its_handle_and_its_thread_comes_home() -> None:
    placed = Sync()
    reply = placed.give(hang)
    assert placed.handle.begun.wait(WAIT)
    placed.slot.revoke()
    with pytest.raises(ResourceDiedError, match="the handle broke"):
        reply.wait(WAIT)
    assert placed.handle.closed.wait(WAIT)
    placed.slot._thread.join(WAIT)
    assert not placed.slot.is_abandoned()


def test_a_thread_that_ignores_its_destruction_counts_as_abandoned_until_it_returns() -> None:
    placed, release, started = Sync(), threading.Event(), threading.Event()

    def stubborn(handle: Handle) -> None:
        started.set()
        assert release.wait(WAIT)

    placed.give(stubborn)
    assert started.wait(WAIT)
    assert not placed.slot.is_abandoned()
    placed.slot.revoke()
    assert placed.slot.is_abandoned()
    release.set()
    placed.slot._thread.join(WAIT)
    assert not placed.slot.is_abandoned()


def test_a2_a_destruction_that_raises_still_ends_the_revoked_slots_thread() -> None:
    class Broken(Handle):
        def destroy(self) -> None:
            super().destroy()
            raise SystemExit(1)

    slot = ThreadSlot(Place(Address("front"), 0, 1), handle := Broken())
    slot.give(asked := request(hang))
    assert handle.begun.wait(WAIT)
    slot.revoke()
    with pytest.raises(ResourceDiedError):
        asked.reply.wait(WAIT)
    slot._thread.join(WAIT)
    assert not slot.is_abandoned()


def test_a9_a_revoked_coroutine_slot_cancels_what_waits_even_if_the_handle_does_not_break_it(loop: LoopThread) -> None:
    front, handle = Address("front"), AsyncHandle()
    slot = CoroutineSlot(Place(front, 0, 1), handle, loop)

    async def forever(_: Any) -> None:
        await asyncio.Event().wait()

    asked = request(forever)
    slot.give(asked)
    slot.revoke()
    with pytest.raises(ResourceDiedError, match="CancelledError"):
        asked.reply.wait(WAIT)
    assert handle.destroyed.is_set()
    assert take(front, SlotSettled)[0].error is not None


class Called(AsyncHandle):
    """A handle whose errands wait for its recall, which goes on until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.recalled, self.released = asyncio.Event(), asyncio.Event()

    async def recall(self) -> None:
        self.recalled.set()
        await self.released.wait()


async def end_by_recall(handle: Called) -> str:
    await handle.recalled.wait()
    handle.released.set()
    return "ended"


async def break_by_recall(handle: Called) -> None:
    await handle.recalled.wait()
    raise NotFoundError("its page is gone")


async def release(handle: Called) -> str:
    handle.released.set()
    # Long enough for the recall to go on and cancel, if it cancels the wrong one.
    for _ in range(10):
        await asyncio.sleep(0)
    return "not cancelled"


def called(loop: LoopThread, work: Any) -> tuple[CoroutineSlot, Address, Any]:
    """Return a slot whose errand is called back, its front, and the errand's reply."""
    front, asked = Address("front"), request(work)
    slot = CoroutineSlot(Place(front, 2, 7), Called(), loop)
    slot.give(asked)
    slot.recall()
    return slot, front, asked.reply


def hear(front: Address) -> SlotSettled:
    """Wait for the front's next news."""
    news = Inbox(front.mailbox, front.mailbox.next_generation()).get().message
    assert isinstance(news, SlotSettled)
    return news


def test_a_recalled_errand_answers_nobody_whatever_it_fails_of_and_spares_the_next_one(loop: LoopThread) -> None:
    slot, front, reply = called(loop, break_by_recall)
    news = hear(front)
    assert (news.slot, news.generation, news.error, news.recalled) == (2, 7, None, True)
    assert not reply._is_settled

    slot.give(following := request(release))

    assert following.reply.wait(WAIT) == "not cancelled"  # type: ignore[attr-defined]
    assert not hear(front).recalled


def test_an_errand_that_ends_in_the_moment_of_its_recall_has_ended(loop: LoopThread) -> None:
    _, front, reply = called(loop, end_by_recall)
    assert reply.wait(WAIT) == "ended"
    assert not hear(front).recalled


def test_a_recall_that_comes_after_the_end_is_no_news_and_spares_the_next_errand(loop: LoopThread) -> None:
    slot, front, _ = called(loop, end_by_recall)
    hear(front)
    slot.recall()
    slot.give(failing := request(break_by_recall))
    with pytest.raises(NotFoundError):
        failing.reply.wait(WAIT)  # type: ignore[attr-defined]
    assert not hear(front).recalled


@pytest.mark.parametrize("step", ["destroy", "close"])
def test_an_exit_raised_while_letting_go_does_not_end_the_loop(loop: LoopThread, step: str) -> None:
    class Exiting(AsyncHandle):
        async def destroy(self) -> None:
            raise SystemExit(1)

        close = destroy

    slot = CoroutineSlot(Place(Address("front"), 0, 1), Exiting(), loop)
    slot.revoke() if step == "destroy" else slot.close()
    assert loop.call(asyncio.sleep(0, "alive"), WAIT) == "alive"


def test_closing_a_slot_lets_the_errand_in_hand_end_first(loop: LoopThread) -> None:
    handle, states = AsyncHandle(), []
    slot = CoroutineSlot(Place(Address("front"), 0, 1), handle, loop)
    gate = asyncio.Event()

    async def errand(own: AsyncHandle) -> None:
        await gate.wait()
        states.append(own.closed.is_set())

    asked = request(errand)
    slot.give(asked)
    slot.close()

    async def open_gate() -> None:
        gate.set()

    loop.call(open_gate(), WAIT)
    asked.reply.wait(WAIT)
    assert handle.closed.wait(WAIT)
    assert states == [False]


def test_closing_a_thread_slot_ends_its_thread_after_the_errand_in_hand() -> None:
    placed = Sync()
    reply = placed.give(lambda handle: handle.closed.is_set())
    placed.slot.close()
    assert reply.wait(WAIT) is False
    assert placed.handle.closed.wait(WAIT)


def test_every_wrapped_error_names_the_place() -> None:
    assert "browser slot 2: OSError" in str(as_app_error(OSError("x"), "browser slot 2"))
    assert isinstance(as_app_error(OSError("x"), "here"), AppError)


def test_an_errand_given_to_a_loop_that_has_stopped_is_over_at_once(loop: LoopThread) -> None:
    slot, asked = CoroutineSlot(Place(Address("front"), 0, 7), AsyncHandle(), loop), request(hang)
    loop.stop()
    slot.give(asked)
    with pytest.raises(ResourceDiedError, match="the event loop has stopped"):
        asked.reply.wait(WAIT)  # type: ignore[attr-defined]
    assert [news.request_id for news in take(slot._place.front, SlotSettled)] == [asked.id]
    slot.revoke()
    slot.close()
