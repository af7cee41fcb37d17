"""The state of a supervisor, rebuilt from the lines of its log alone, one line after the other.

Lines may come in a platform's envelope, out of order, twice, cut, or not at all; between them stands what others wrote.
Nothing but a whole line of ours changes anything. With the key nothing but a sealed one changes the state, or begins or
ends a start that has sealed a line; of all others it is told as news that they came.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from actors.domain.log_envelope import number_of, read_line
from actors.domain.seal import GIVEN_KEY, PHASES, SCHEMA, STARTS, is_sealed
from actors.domain.state_change import State, apply

if TYPE_CHECKING:
    from actors.domain.log_envelope import Line

_MOST_BOOTS = 4
_MOST_NEWS = 100
_MOST_GAPS = 10_000
_REMEMBERED = 4096
"""Lines of which a copy is known as one."""
_WORTH = ("posted", "part_posted", "ready", "starting", "shutdown", "stopped", "control_word")
"""Actions that are news on the page though nothing is wrong."""


@dataclass(slots=True)
class Boot:
    """What the lines of one start of the process have told."""

    boot: str
    phase: str = "running"
    step: str = ""
    """What the newest line about its start says."""
    phase_seq: int = 0
    """The number of the line that told the phase: one from before it tells no other."""
    told: tuple[bool, str, int] = (False, "", 0)
    """When it last began or told its state: whether sealed, the line's time if so, and how many lines had come. Of two
    starts the later one is at work, by its own time if that is sealed: the same line once more is not later.
    """
    time: str = ""
    """Of the newest line that is believed."""
    seq: int = 0
    """The highest number that is believed."""
    sealed_seq: int = 0
    """The highest number under a seal that the key fits; 0 without the key."""
    gaps: set[int] = field(default_factory=set)
    """Numbers of lines that have not come; a late one fills its gap."""
    missing_more: int = 0
    """Lines that have not come besides those, after a gap too large to be kept."""
    state: State = field(default_factory=dict)
    """The board's snapshot, as its JSON has it."""
    state_seq: int = 0
    state_time: str = ""
    is_whole: bool = False
    """Whether the state is the board's; False until the first heartbeat, and after a line of the state was lost."""
    is_verified: bool = False
    """Whether the state was sealed with the key we have."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Lines left out by the governor since the start, by action."""
    over: int = 0

    @property
    def missing(self) -> int:
        """Return how many lines were lost between the first and the newest that came, as far as it is sure."""
        return sum(not self.sealed_seq or gap < self.sealed_seq for gap in self.gaps) + self.missing_more

    def begin(self, sentence: str, told: tuple[bool, str, int]) -> None:
        """Take a line about the start. A server that is started anew later on speaks the same way."""
        if self.phase == "running" and not self.state:
            self.phase, self.told = "starting", told
        if self.phase == "starting":
            self.step = sentence

    def count(self, seq: int, *, is_sealed: bool) -> None:
        """Take a line's number into account; far above the last seal's it is nobody's without a seal of its own."""
        if is_sealed and seq > self.sealed_seq:
            if not self.sealed_seq:
                # What came before it could be anybody's.
                self.phase, self.phase_seq, self.time = "running", 0, ""
            self.sealed_seq = seq
            if self.seq > seq + _MOST_GAPS:
                # Before the first seal anybody could tell a number.
                self.seq, self.missing_more = 0, 0
                self.gaps.clear()
        if seq <= self.seq:
            self.gaps.discard(seq)
            return
        if self.sealed_seq and seq > self.sealed_seq + _MOST_GAPS:
            return
        if self.seq:
            new = range(self.seq + 1, seq)
            if len(self.gaps) + len(new) <= _MOST_GAPS:
                self.gaps.update(new)
            else:
                self.missing_more += len(new)
        self.seq = seq


@dataclass(slots=True)
class LogState:
    """Folds texts into what they tell. Nothing in a text raises.

    Without `key` whoever can write to the log can tell a state of his own; with it he can tell news at most.
    """

    key: bytes | None = None
    boots: dict[str, Boot] = field(default_factory=dict)
    lines: int = 0
    """Lines of ours."""
    foreign: int = 0
    """Texts that were none."""
    refused: int = 0
    """Lines with a state whose seal does not fit the key."""
    other_schema: int = 0
    """Lines with a state that is written another way than this program reads; they count as lines without one."""
    news: deque[Line] = field(default_factory=lambda: deque(maxlen=_MOST_NEWS))
    """Warnings, errors and posts of every start, the oldest first."""
    known: dict[int, None] = field(default_factory=dict)
    """What the newest lines are told from their copies by. Their numbers alone would let one that is made up keep those
    behind it from being believed.
    """

    def take(self, text: str) -> None:
        """Take one text of the stream, without or with its line break."""
        if not text.strip():
            return
        line = read_line(text)
        if line is None:
            self.foreign += 1
            return
        carries_state = line["action"] in ("heartbeat", "board_changed") and number_of(line, "state_seq") > 0
        sealed = self.key is not None and line.get("key") == GIVEN_KEY and is_sealed(line, self.key)
        if carries_state and self.key is not None and not sealed:
            self.refused += 1
            return
        if carries_state and number_of(line, "schema") != SCHEMA:
            self.other_schema += 1
            carries_state = False
        self.lines += 1
        boot = self._boot(line["boot"], line["time"])
        boot.count(line["seq"], is_sealed=sealed)
        is_believed = sealed or not boot.sealed_seq
        told = (sealed, line["time"] if sealed else "", self.lines)
        if is_believed:
            boot.time = max(boot.time, line["time"])
        if carries_state:
            self._fold(boot, line, told)
        elif self._is_told(boot, line) and is_believed:
            _live(boot, line, told)

    def current(self) -> Boot | None:
        """Return the start that the page is about: the last that began or told its state.

        So one that begins ends the one before it, unless that goes on telling.
        """
        return max(self.boots.values(), key=lambda b: (b.told, b.time), default=None)

    def snapshot(self) -> dict[str, Any]:
        """Return everything as one document of plain values."""
        boot = self.current()
        read = {"lines": self.lines, "foreign": self.foreign, "refused": self.refused}
        read["other_schema"] = self.other_schema
        if boot is None:
            return {"schema": SCHEMA, **read, "boot": None, "state": None}
        return {
            "schema": SCHEMA,
            **read,
            "boot": boot.boot,
            "phase": boot.phase,
            "start_step": boot.step if boot.phase == "starting" else None,
            "time": boot.time,
            "missing": boot.missing,
            "dropped": boot.dropped,
            "over": boot.over,
            "is_whole": boot.is_whole,
            "is_verified": boot.is_verified,
            "state_time": boot.state_time or None,
            "state": boot.state or None,
        }

    def _boot(self, name: str, time: str) -> Boot:
        boot = self.boots.get(name)
        if boot is None:
            if len(self.boots) >= _MOST_BOOTS:
                del self.boots[min(self.boots.values(), key=lambda b: (b.sealed_seq > 0, b.time)).boot]
            boot = self.boots[name] = Boot(name, time=time)
        return boot

    def _fold(self, boot: Boot, line: Line, told: tuple[bool, str, int]) -> None:
        number = line["state_seq"]
        if number <= boot.state_seq:
            # Late or once more: what came after it is told already.
            return
        follows = number == boot.state_seq + 1
        state, change, gone = (line.get(name) for name in ("state", "change", "gone"))
        if line["action"] == "heartbeat" and isinstance(state, dict):
            boot.state, boot.is_whole = state, True
        elif isinstance(change, dict):
            is_anew = line.get("anew") is True
            boot.state = apply({} if is_anew else boot.state, change, gone if isinstance(gone, dict) else {})
            boot.is_whole = is_anew or (boot.is_whole and follows)
        else:
            return
        boot.state_seq, boot.state_time, boot.is_verified = number, line["time"], self.key is not None
        boot.told = told
        dropped = line.get("dropped")
        if isinstance(dropped, dict):
            boot.dropped = {name: count for name, count in dropped.items() if isinstance(count, int)}
        boot.over = number_of(line, "over")

    def _is_told(self, boot: Boot, line: Line) -> bool:
        """Note the line if it is news; return whether it is one about the process's life, for the first time."""
        action = line["action"]
        is_news = line["level"] in ("warn", "error") or action in _WORTH
        is_life = action in STARTS or action in PHASES
        mark = hash((boot.boot, line["seq"], line["time"], action, line["message"]))
        if not (is_news or is_life) or mark in self.known:
            return False
        self.known[mark] = None
        if len(self.known) > _REMEMBERED:
            del self.known[next(iter(self.known))]
        if is_news:
            self.news.append(line)
        return is_life


def _live(boot: Boot, line: Line, told: tuple[bool, str, int]) -> None:
    """Take a line about a process's life; a late one changes nothing."""
    if line["seq"] <= boot.phase_seq:
        return
    boot.phase_seq = line["seq"]
    if line["action"] in STARTS:
        boot.begin(line["message"], told)
    boot.phase = PHASES.get(line["action"], boot.phase)
