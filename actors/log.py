"""The log: one line per record on one stream, in which no text from outside can pass for a line of ours.

JSON for machines (`level`, `message`, `action`, then the ids), an aligned line for people on a terminal. Whoever logs
writes a constant sentence and puts everything else into `extra`; free text of foreign origin goes under `data`. Names
that `logging` keeps for itself (`name`, `args`, `message`, `module`, `process`, `thread` ...) cannot be used there.

`docs/log.md` documents every line. A governor keeps the lines below what the platform takes.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import secrets as randomness
import select
import sys
import threading
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TextIO

from actors.domain.escaping import Cleaner, Plain, describe
from actors.domain.folding import Folding, likeness_of
from actors.domain.governor import ALWAYS, Governor, Kept
from actors.domain.log_levels import Levels
from actors.domain.log_line import add_lost, describe_error, json_line, list_frames, pretty_line
from actors.domain.redaction import redact_shapes
from actors.domain.seal import GIVEN_KEY, OWN_KEY, PHASES, SCHEMA, STARTS, seal
from actors.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from actors.config import LogSettings

logger = logging.getLogger(__name__)

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
_BOARD = "actors.runtime.board"
"""The one logger whose lines carry the state."""
_LIFE = frozenset({"actors.app", "actors.runtime.startup", "actors.supervisor", "actors.world"})
"""The loggers that tell how the process begins and ends."""
_HEARD = Kept(loggers=_LIFE | {"actors.control"})
"""No level silences these, and who tells of words, answers and the audit's end."""
_OURS = ("actors", "supervisor", "__main__")
_REPEATING = ("psycopg.pool",)
"""Libraries whose warnings come with every attempt and say only what the errand's own error says, with its cause."""

_STDERR = 2
_LAST_S = 2.0
"""How long the end of the process waits for a reader of its last lines; the platform may not give it more."""
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "action", "taskName"}
_FIXED = frozenset(("time", "level", "message", "action", "boot", "seq", "error", "traceback", "lost", "repeated",
          "schema", "state_seq", "dropped", "over", "key", "hash"))  # fmt: skip


def setup(
    settings: LogSettings,
    stream: TextIO | None = None,
    redact: Callable[[str], str] = redact_shapes,
    boot: str = "",
    kept: Kept = Kept(),  # noqa: B008 - a frozen value
) -> None:
    """Send everything that is logged, warned of, or raised and caught by nobody to one stream.

    Call once, early, from the main thread; a second call replaces the first. Our own loggers write from
    `settings.level` on, libraries from warnings on, and those that only repeat what we say from errors on.

    Args:
        settings: level, format and loggers to hear more of.
        stream: where the lines go; stdout by default, because platforms paint stderr as errors.
        redact: blacks out secrets in a text; may learn of more later on.
        boot: names this start of the process on every line; random by default.
        kept: whose lines the governor never leaves out, besides errors and those that carry the state.
    """
    target = stream or sys.stdout
    is_terminal = target.isatty()
    writer = LogWriter(
        target,
        Cleaner(redact),
        boot or randomness.token_hex(4),
        is_pretty=settings.format == "pretty" or (settings.format == "auto" and is_terminal),
        is_coloured=is_terminal and not os.environ.get("NO_COLOR"),
        key=settings.key.reveal().encode() if settings.key is not None else None,
        kept=kept,
    )
    root = logging.getLogger()
    for handler in _writers():
        root.removeHandler(handler)
        handler.close()
    root.addHandler(writer)
    set_levels(settings)
    logging.captureWarnings(True)
    _catch_the_uncaught()


def set_levels(settings: LogSettings, before: Iterable[str] = ()) -> None:
    """Put the levels of these settings in force, from any thread; each logger that was given one loses it.

    What must not be silenced is written from info on whatever the level: what the governor never leaves out, words and
    answers, and how the process begins and ends.

    Args:
        settings: `level` and `verbose` of it.
        before: loggers with a level of their own so far, which have it no longer unless the settings say so.
    """
    level = LEVELS[settings.level]
    for name in before:
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.getLogger().setLevel(max(level, logging.WARNING))
    own = {**dict.fromkeys(_OURS, level), **dict.fromkeys(_REPEATING, logging.ERROR),
           **dict.fromkeys(settings.verbose, logging.DEBUG)}  # fmt: skip
    for writer in _writers():
        writer.levels = Levels(own)
    for name, number in own.items():
        _let_through(name, number)


def set_level(name: str, level: str) -> None:
    """Give one logger, of whatever name, a level of its own, from any thread; as to ours see `set_levels`."""
    for writer in _writers():
        writer.levels = writer.levels.with_level(name, LEVELS[level])
    _let_through(name, LEVELS[level])


def _let_through(name: str, level: int) -> None:
    # Whether a line of ours is one that must not be silenced only the writer can tell: it has to see it.
    is_ours = name.partition(".")[0] in _OURS
    logging.getLogger(name).setLevel(min(level, logging.INFO) if is_ours else level)


def finish(limit_s: float) -> None:
    """Wait until all that was logged so far is written, at most so long; for those who end the process without a word.

    Whoever ends it otherwise need not: the interpreter closes the log at its exit. From any thread and signal handler.
    """
    until = time.monotonic() + limit_s
    for each in _writers():
        each.finish(until - time.monotonic())


def _writers() -> list[LogWriter]:
    return [each for each in logging.getLogger().handlers if isinstance(each, LogWriter)]


class LogWriter(logging.Handler):
    """Make each record one line and have it written; never wait for the reader, never raise into whoever logged.

    `seq` numbers the lines, so that a gap shows what was lost on the way. What the governor leaves out, or finds no
    room while nobody reads, has no number: it is told by action in a line of its own, at most once a second, and as a
    sum in the next heartbeat. A line with a number that cannot be written is counted; the next one that can be carries
    the count as `lost`. Of equal kept lines in a second one stands for all beyond the first ten, with their number as
    `repeated`.

    Args:
        key: seals the lines that carry the state or tell of a beginning or an end; None: one that only this process
            knows.
        kept: whose lines never stay back.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        stream: TextIO,
        cleaner: Cleaner,
        boot: str,
        *,
        is_pretty: bool,
        is_coloured: bool,
        key: bytes | None = None,
        kept: Kept = Kept(),  # noqa: B008 - a frozen value
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.levels = Levels()
        """In force now; replaced whole, so that any thread may."""
        self._spool = Spool(stream, partial(add_lost, is_pretty=is_pretty))
        self._cleaner = cleaner
        self._boot = boot
        self._is_pretty = is_pretty
        self._is_coloured = is_coloured
        self._key, self._key_name = (randomness.token_bytes(32), OWN_KEY) if key is None else (key, GIVEN_KEY)
        self._kept = kept
        self._clock = clock
        self._governor, self._folding = Governor(), Folding()
        self._seq = 0
        self._state_seq = 0
        self._left_s = _LAST_S

    def dropped(self) -> dict[str, int]:
        """Return how many lines were left out since the start, by action; in any thread."""
        with self.lock or contextlib.nullcontext():
            return dict(self._governor.dropped)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record or leave it out; runs in the thread that logs, under the handler's lock."""
        extra = vars(record)
        action = describe(extra.get("action") or "note")
        if self._is_pretty and action == "board_changed":
            # For machines: a person has the heartbeat.
            return
        is_state = action in ALWAYS and record.name == _BOARD
        is_kept = is_state or record.levelno >= logging.ERROR or self._kept.holds(extra.get("job"), record.name)
        is_heard = is_kept or _HEARD.holds(None, record.name)
        if not is_heard and not self.levels.admits(record.name, record.levelno):
            return
        now, governor, spool = self._clock(), self._governor, self._spool
        self._tell(now)
        if is_kept and not is_state and self._is_held(record, action):
            return
        if not is_kept and not spool.has_room:
            governor.leave_out(action, now)
        elif governor.admits(action, now, is_kept=is_kept):
            # People have no key, and a line of theirs is read by nobody else.
            is_life = not self._is_pretty and action in (*STARTS, *PHASES) and record.name in _LIFE
            self._write(partial(self._fields, record, action), is_state=is_state, is_sealed=is_state or is_life)

    def flush(self) -> None:
        """Wait until what was written so far has gone out, as `logging` wants it; not for longer than two seconds."""
        # At the exit `logging` asks for this and then closes: who has not read by then is not waited for once more.
        self._left_s = _LAST_S if self._spool.flush(_LAST_S) else 0.0

    def finish(self, limit_s: float) -> None:
        """Tell what was held back, and wait until everything has gone out, at most so long."""
        with self.lock or contextlib.nullcontext():
            self._tell(math.inf)
        self._spool.flush(limit_s)

    def close(self) -> None:
        """Write what is left within two seconds, and say on stderr how much of it nobody has taken; then be silent."""
        with self.lock or contextlib.nullcontext():
            self._tell(math.inf)
        left = self._spool.close(self._left_s)
        if left:
            _tell_apart(f"the log ends with {left} lines that nobody has read\n")
        super().close()

    def _tell(self, now: float) -> None:
        """Write what stands for lines that were held back, if it is time to."""
        for folded in self._folding.over(now):
            self._governor.admits("", self._clock(), is_kept=True)
            self._write(partial(dict, folded.line, repeated=folded.count))
        if self._spool.has_room and (told := self._governor.tell(now)):
            self._write(lambda: self._left_out(told))

    def _is_held(self, record: logging.LogRecord, action: str) -> bool:
        """Return whether another line will stand for this one."""
        likeness = likeness_of(record.name, action, _message(record), vars(record))
        try:
            return self._folding.takes(likeness, lambda: self._fields(record, action))
        except Exception:  # noqa: BLE001 - what cannot be made a line is counted where it is written
            return False

    def _write(
        self, make: Callable[[], dict[str, Plain]], *, is_state: bool = False, is_sealed: bool = False
    ) -> None:
        self._seq += 1
        try:
            fields = {**make(), "boot": self._boot, "seq": self._seq}
            if is_state:
                fields |= self._of_state()
            if is_sealed:
                fields |= {"key": self._key_name, "hash": seal(fields, self._key)}
            self._spool.put(pretty_line(fields, coloured=self._is_coloured) if self._is_pretty else json_line(fields))
        except Exception:  # noqa: BLE001 - a value that no line can hold must not stop the work
            self._spool.lose()

    def _fields(self, record: logging.LogRecord, action: str) -> dict[str, Plain]:
        text = self._cleaner.text
        extra = [(name, value) for name, value in vars(record).items() if name not in _STANDARD]
        if vars(record).get("action") is None:
            extra.insert(0, ("logger", record.name))
        fields: dict[str, Plain] = {
            "time": _utc(record.created),
            "level": _level(record.levelno),
            "message": text(_message(record)),
            "action": text(action),
            **{f"extra_{name}" if name in _FIXED else name: value
               for name, value in self._cleaner.mapping(extra).items()},
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            fields["error"] = text(describe_error(error))
            fields["traceback"] = [text(frame) for frame in list_frames(error)]
        return fields

    def _of_state(self) -> dict[str, Plain]:
        """Number a line that carries the state, and return what it tells of the log."""
        governor = self._governor
        self._state_seq += 1
        fields: dict[str, Plain] = {"schema": SCHEMA, "state_seq": self._state_seq}
        if governor.dropped:
            fields["dropped"] = dict(governor.dropped)
        if governor.over:
            fields["over"] = governor.over
        return fields

    def _left_out(self, told: dict[str, int]) -> dict[str, Plain]:
        count = sum(told.values())
        return {
            "time": _utc(time.time()),
            "level": "warn",
            "message": f"{count} lines were left out, because there were too many",
            "action": "log_dropped",
            "dropped": {self._cleaner.text(action): number for action, number in told.items()},
        }


def _tell_apart(sentence: str) -> None:
    """Write to stderr unless that, too, is a pipe that nobody reads."""
    poll = select.poll()
    with contextlib.suppress(OSError):
        poll.register(_STDERR, select.POLLOUT)
        if poll.poll(0):
            os.write(_STDERR, sentence.encode())


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 - the sentence is still worth reading
        return f"{describe(record.msg)} (its arguments do not fit: {type(error).__name__})"


def _utc(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _level(number: int) -> str:
    if number < logging.INFO:
        return "debug"
    if number < logging.WARNING:
        return "info"
    return "warn" if number < logging.ERROR else "error"


def _catch_the_uncaught() -> None:
    """Log what Python would print to stderr, where a multi-line message could pass for lines of ours."""
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback, args.thread)
    sys.unraisablehook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _log_uncaught(
    kind: type[BaseException],
    error: BaseException | None,
    frames: TracebackType | None,
    thread: threading.Thread | None = None,
) -> None:
    if issubclass(kind, SystemExit | KeyboardInterrupt):
        return
    where = thread.name if thread else threading.current_thread().name
    logger.error(
        "an error was caught by nobody",
        exc_info=(kind, error or kind(), frames),
        extra={"action": "error_uncaught", "thread_name": where},
    )
