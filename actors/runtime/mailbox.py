"""The mailbox: the pure bands, and a bell for the reader that waits."""

from __future__ import annotations

from collections import deque
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from actors.domain.mailbox import Bands, Verdict
from actors.domain.priority import Band
from actors.messages import Wake

if TYPE_CHECKING:
    from collections.abc import Callable

    import pykka

_LONGEST_WAIT_S = 60.0
_WAKE = Verdict.WAKE


class Answers(Protocol):
    """Where an asker waits for a value or an error. Of a `SimpleQueue`, of which one is read, the first counts."""

    def put(self, answer: tuple[Any, BaseException | None], /) -> None:
        """Hand it over, from any thread, without waiting."""


class Letter:
    """A message and where its answer goes."""

    __slots__ = ("message", "reply_to")

    def __init__(self, message: Any, reply_to: Answers | None = None) -> None:
        self.message = message
        self.reply_to = reply_to


class ForeignLetter(Letter):
    """An envelope that came through Pykka's own reference, whose stop and proxies only Pykka understands."""

    __slots__ = ()


class _ForeignAnswers:
    """Pykka's future in the place of `Answers`."""

    def __init__(self, future: pykka.Future[Any]) -> None:
        self._future = future

    def put(self, answer: tuple[Any, BaseException | None]) -> None:
        value, error = answer
        if error is None:
            self._future.set(value)
        else:
            self._future.set_exception((type(error), error, error.__traceback__))


class Ping(Letter):
    """A question that the cell answers in the actor's own thread, which proves that it still serves."""

    __slots__ = ("answer",)

    def __init__(self, answer: Callable[[], None]) -> None:
        super().__init__(None)
        self.answer = answer
        """Called in the actor's thread. Never blocks."""


class Mailbox:
    """Letters for one address. Any thread may put; the actor of the current generation takes.

    A reader that waits holds out its hand, and whoever has something for it calls. All steps are single operations of
    a deque or a `SimpleQueue`, so that nobody waits for a lock.
    """

    def __init__(self, name: str, capacity: int) -> None:
        self.bands: Bands[Letter] = Bands(name, capacity)
        self.hands: deque[SimpleQueue[None]] = deque()
        """Hands of the readers that wait; whoever takes one away calls it."""

    def __len__(self) -> int:
        return len(self.bands)

    @property
    def generation(self) -> int:
        """Number of the incarnation that may read now; 0 before the first."""
        return self.bands.generation

    def put(self, letter: Letter, band: Band) -> None:
        """Append to the band.

        Raises:
            MailboxFullError: the band's bound is reached.
            ActorUnavailableError: the mailbox was closed for good.
        """
        self.bands.put(letter, band)
        if self.hands:
            self.call()

    def next_generation(self) -> int:
        """Fence off the present reader and return the number of the next one."""
        generation = self.bands.next_generation()
        self.call()
        return generation

    def fence(self, generation: int) -> None:
        """Take the mailbox from this incarnation; if it is not the present reader, nothing changes."""
        self.bands.fence(generation)
        self.call()

    def stop(self, generation: int) -> None:
        """Let this incarnation end before its next letter; if it is not the present reader, nothing changes."""
        self.bands.stop(generation)
        self.call()

    def close(self) -> list[Letter]:
        """Refuse all further letters and return those left, for the dead letters."""
        left = self.bands.close()
        self.call()
        return left

    def call(self) -> None:
        """Wake the reader that waits, to look again."""
        # All of them: a fenced reader that still waits must not use up the call for its successor.
        hands = self.hands
        while hands:
            try:
                hands.pop().put(None)
            except IndexError:
                # Somebody else was faster, and calls.
                return


class Inbox:
    """One incarnation's view of the mailbox: what Pykka sees as the actor's inbox.

    It reports itself empty, so that Pykka's teardown leaves the letters to the next incarnation.
    """

    def __init__(self, mailbox: Mailbox, generation: int) -> None:
        self._mailbox = mailbox
        self._take, self._hands = mailbox.bands.take, mailbox.hands
        self._hand: SimpleQueue[None] = SimpleQueue()
        self.generation = generation
        self.wake_at: float | None = None
        """Monotonic time of the next `Wake`; set by the actor's own thread."""
        self.ends_as = ""
        """Set by an actor that ends by itself: the reason that its supervisor hears."""
        self.serving: Letter | Verdict | None = None
        """The letter in hand, if any: what a crash or a hang is the fault of."""

    def put(self, letter: Any) -> None:
        """Take an envelope that came through Pykka's own reference rather than an address."""
        answers = None if letter.reply_to is None else _ForeignAnswers(letter.reply_to)
        self._mailbox.put(ForeignLetter(letter.message, answers), Band.CONTROL)

    def get(self) -> Letter | Verdict:
        """Return the letter to serve next, or the verdict that ends this incarnation. Blocks its own thread only."""
        self.serving = None
        hand, hands, wake_at = self._hand, self._hands, self.wake_at
        taken = None
        while taken is None:
            # Held out before the look: a letter that comes meanwhile is either seen or called out.
            hands.append(hand)
            taken = self._take(self.generation, wake_at is not None and wake_at <= monotonic())
            if taken is None:
                remaining = _LONGEST_WAIT_S if wake_at is None else wake_at - monotonic()
                try:
                    if remaining > 0:
                        hand.get(True, remaining)
                except Empty:
                    taken = None
            # After a call too: it may have been one that was left over, and this hand is still out.
            try:
                if hands:
                    hands.remove(hand)
            except ValueError:
                # Whoever took it away calls; the next wait ends at once, and looks again.
                continue
        if taken is _WAKE:
            self.wake_at = None
            taken = Letter(Wake())
        self.serving = taken
        return taken

    def empty(self) -> bool:
        """Return True: what is left belongs to the next incarnation."""
        return True
