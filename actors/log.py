"""The log: one line per record on one stream, in which no text from outside can pass for a line of ours.

JSON for machines (`level`, `message`, `action`, then the ids), an aligned line for people on a terminal. Whoever logs
writes a constant sentence and puts everything else into `extra`; free text of foreign origin goes under `data`. Names
that `logging` keeps for itself (`name`, `args`, `message`, `module`, `process`, `thread` ...) cannot be used there.
"""

from __future__ import annotations

import logging
import os
import secrets as randomness
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from actors.domain.escaping import Cleaner, describe
from actors.domain.log_line import describe_error, json_line, list_frames, pretty_line
from actors.domain.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from actors.config import LogSettings, Secret
    from actors.domain.escaping import Plain

logger = logging.getLogger(__name__)

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
_OURS = ("actors", "supervisor", "__main__")
_REPEATING = ("psycopg.pool",)
"""Libraries whose warnings come with every attempt and say only what the errand's own error says, with its cause."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "action", "taskName"}
_FIXED = ("time", "level", "message", "action", "boot", "seq", "error", "traceback", "lost")


def setup(settings: LogSettings, stream: TextIO | None = None, secrets: Iterable[Secret] = (), boot: str = "") -> None:
    """Send everything that is logged, warned of, or raised and caught by nobody to one stream.

    Call once, early, from the main thread; a second call replaces the first. Our own loggers write from
    `settings.level` on, libraries from warnings on, and those that only repeat what we say from errors on.

    Args:
        settings: level, format and loggers to hear more of.
        stream: where the lines go; stdout by default, because platforms paint stderr as errors.
        secrets: texts to black out wherever they appear.
        boot: names this start of the process on every line; random by default.
    """
    target = stream or sys.stdout
    redact = Redaction(part for secret in secrets for part in secret.parts())
    is_terminal = target.isatty()
    writer = LogWriter(
        target,
        Cleaner(redact),
        boot or randomness.token_hex(4),
        is_pretty=settings.format == "pretty" or (settings.format == "auto" and is_terminal),
        is_coloured=is_terminal and not os.environ.get("NO_COLOR"),
    )
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, LogWriter)]:
        root.removeHandler(handler)
    root.addHandler(writer)
    level = _LEVELS[settings.level]
    root.setLevel(max(level, logging.WARNING))
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    for name in _REPEATING:
        logging.getLogger(name).setLevel(logging.ERROR)
    for name in settings.verbose:
        logging.getLogger(name).setLevel(logging.DEBUG)
    logging.captureWarnings(True)
    _catch_the_uncaught()


class LogWriter(logging.Handler):
    """Write each record as one line with one call, and never raise into whoever logged.

    A line that cannot be written is counted; the next one that can be carries the count as `lost`.
    """

    def __init__(self, stream: TextIO, cleaner: Cleaner, boot: str, *, is_pretty: bool, is_coloured: bool) -> None:
        super().__init__()
        self._stream = stream
        self._cleaner = cleaner
        self._boot = boot
        self._is_pretty = is_pretty
        self._is_coloured = is_coloured
        self._seq = 0
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; runs in the thread that logs, under the handler's lock."""
        self._seq += 1
        try:
            fields = self._fields(record)
            line = pretty_line(fields, coloured=self._is_coloured) if self._is_pretty else json_line(fields)
            encoding = getattr(self._stream, "encoding", None) or "utf-8"
            self._stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
            self._stream.flush()
        except Exception:  # noqa: BLE001 - a reader that is gone or a full disk must not stop the work
            self._lost += 1
        else:
            self._lost = 0

    def _fields(self, record: logging.LogRecord) -> dict[str, Plain]:
        text = self._cleaner.text
        action = vars(record).get("action")
        extra = [(name, value) for name, value in vars(record).items() if name not in _STANDARD]
        if action is None:
            extra.insert(0, ("logger", record.name))
        fields: dict[str, Plain] = {
            "time": _utc(record.created),
            "level": _level(record.levelno),
            "message": text(_message(record)),
            "action": text(describe(action or "note")),
            **{f"extra_{name}" if name in _FIXED else name: value
               for name, value in self._cleaner.mapping(extra).items()},
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            fields["error"] = text(describe_error(error))
            fields["traceback"] = [text(frame) for frame in list_frames(error)]
        if self._lost:
            fields["lost"] = self._lost
        return {**fields, "boot": self._boot, "seq": self._seq}


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
