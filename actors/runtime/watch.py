"""The process's own watch: proves by round trips that the tree makes progress, and ends a process that does not."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors import log
from actors.domain.priority import Band
from actors.domain.progress import Finding, Progress
from actors.errors import AppError
from actors.runtime.mailbox import Ping

if TYPE_CHECKING:
    from actors.runtime.address import Address

logger = logging.getLogger(__name__)

EXIT_WEDGED = 70
"""Of the sysexits: an internal error of the software. The platform starts a process anew only after a code but 0."""
_STDERR = 2
_LOOK_EVERY_S = 1.0
_LAST_WORDS_S = 2.0
"""How long a wedged process may try to say why; a log that nobody reads may be what wedged it."""


@dataclass(slots=True)
class Watch:
    """A thread that asks the root, which asks its children, who ask theirs: no thread beside the work can answer.

    When the root gives no answer within `limit_s`, all stacks go to stderr and the process ends with `EXIT_WEDGED`.
    Should even this thread not run any more (a call that never lets go of the interpreter), a timer beneath Python does
    the same after `last_s`, with code 1. It cannot tell that from a process that somebody stopped and continued later.
    """

    root: Address
    limit_s: float = 60.0
    """A supervisor may be busy with a child for 10 s of start and 30 s of stop; see `actors.runtime.supervisor`."""
    last_s: float = 120.0
    progress: Progress = field(init=False)
    _answered: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.progress = Progress(self.limit_s, _LOOK_EVERY_S)

    def start(self) -> None:
        """Watch until `stop`."""
        self._set_timer()
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    def stop(self) -> None:
        """End the watch. The timer beneath Python goes on: `last_s` is left for the end of the process."""
        self._ended.set()
        self._set_timer()

    def _run(self) -> None:
        while not self._ended.wait(_LOOK_EVERY_S):
            self._set_timer()
            if self._answered.is_set():
                self.progress.answered()
            match self.progress.look(time.monotonic()):
                case Finding.ASK:
                    self._ask()
                case Finding.SILENT:
                    self._end_process()

    def _set_timer(self) -> None:
        faulthandler.dump_traceback_later(self.last_s, exit=True, file=_STDERR)

    def _ask(self) -> None:
        self._answered = answered = threading.Event()
        # A mailbox that takes nothing gives no answer either.
        with contextlib.suppress(AppError):
            self.root.mailbox.put(Ping(answered.set), Band.P0)

    def _end_process(self) -> None:
        words = threading.Thread(target=self._say_why, name="last-words", daemon=True)
        words.start()
        words.join(_LAST_WORDS_S)
        os._exit(EXIT_WEDGED)

    def _say_why(self) -> None:
        logger.critical(
            "the tree gave no answer for %g s: the stacks are on stderr, the process ends",
            self.limit_s,
            extra={"action": "process_wedged", "code": EXIT_WEDGED},
        )
        faulthandler.dump_traceback(file=_STDERR, all_threads=True)
        log.finish(_LAST_WORDS_S)
        for listener in logging.getLogger().handlers:
            # Who carries the line on, to a webhook say, has the rest of that time.
            listener.flush()
