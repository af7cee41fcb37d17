"""The publisher's journal on disk: written and synced before anybody goes on, so that Postgres may be away.

It is the second home of what happens between the permission to click and the receipt; the first is the ledger. It has
to stand on a disk that outlives the process: an operator gives the data folder a volume.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import threading
from collections import deque
from typing import TYPE_CHECKING

from actors.domain.journal import Account, Damage, Grant, Mark, Record, Settled, Testimony, Unsettled, encode, read
from actors.errors import ConfigError, JournalError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

FILE_NAME = "journal.log"
_LIMIT_BYTES = 256 * 1024
_LOCK_WAIT_S = 10.0
"""Real seconds that one thread waits for another's write; a disk that takes longer is as good as none."""

_NAMED_LINES = 10
_CONFIRMED = 200
"""How many of the latest receipts a restored database is recognised by: more than any lag of a copy."""

_REMEDIES = {
    errno.ENOSPC: "free space on that disk",
    errno.EDQUOT: "free space on that disk, or raise its quota",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.ENOENT: "its folder was removed: start again, and keep clean-ups away from it",
    errno.EROFS: "mount that disk writable; it may have failed",
    errno.EACCES: "let this user write there",
    errno.EPERM: "let this user write there",
}


class Journal:
    """Append durably, and know what is not settled. Any thread may call; each call blocks for a disk's sync.

    When `grant`, `receipt` or `settle` returns, the record survives `kill -9` and a power cut. When it raises, the
    record is not counted and is taken back; a disk that refuses that as well, until the process ends, may show it at
    the next opening. A torn last line was never confirmed to anybody and is cut off at opening. A damaged line costs
    its own record only.

    Args:
        folder: made if it is missing; one process at a time.
        limit_bytes: past it the file is written anew with the unsettled records alone.

    Raises:
        ConfigError: another process uses the folder.
        JournalError: the disk refused; it names the file, the error and what to do.
    """

    def __init__(self, folder: Path, limit_bytes: int = _LIMIT_BYTES) -> None:
        self._folder, self._path, self._limit = folder, folder / FILE_NAME, limit_bytes
        self._guard = threading.Lock()
        self._end = self._compact_at = 0
        self._needs_cut = self._needs_folder_sync = self._is_closed = False
        self._confirmed: deque[uuid.UUID] = deque(maxlen=_CONFIRMED)
        with self._refusals(), contextlib.ExitStack() as undo:
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                _sync_folder(folder.parent)
            self._lock = _lock(folder)
            undo.callback(os.close, self._lock)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            undo.callback(lambda: os.close(self._file))
            _sync_folder(folder)
            self._account = self._load()
            undo.pop_all()

    def grant(self, grant: Grant) -> None:
        """Remember that permission to click is given; the click has to wait for this to return.

        Raises:
            JournalError: it could not be remembered, so the permission must not be given.
        """
        self._append(grant)

    def receipt(self, testimony: Testimony) -> None:
        """Remember which tweet the site said an attempt became.

        Raises:
            JournalError: it could not be remembered.
        """
        self._append(testimony)

    def settle(self, attempt_id: uuid.UUID, *, has_receipt: bool = False) -> None:
        """Forget an attempt, for Postgres knows all of it; one that is not known costs nothing.

        `has_receipt`: it has one now, by which a database that is restored later is recognised.

        Raises:
            JournalError: it is still remembered.
        """
        if has_receipt:
            self._confirmed.append(attempt_id)
        if self._account.knows(attempt_id):
            self._append(Settled(attempt_id))

    def unsettled(self) -> tuple[Unsettled, ...]:
        """Return what Postgres may not know, in the order of the grants."""
        with self._alone():
            return self._account.unsettled()

    def confirmed(self) -> tuple[uuid.UUID, ...]:
        """Return the latest attempts that were settled with a receipt since this was opened, the oldest first.

        Postgres has to hold a receipt for each; if it does not, it was restored to an earlier time.
        """
        return tuple(self._confirmed)

    def forget_confirmed(self) -> None:
        """Begin that list anew."""
        self._confirmed.clear()

    def strays(self) -> tuple[Testimony, ...]:
        """Return testimonies without their grants, whose lines were damaged; `settle` forgets them as well."""
        with self._alone():
            return self._account.strays()

    def verify(self) -> None:
        """Prove that the journal can be written now.

        Raises:
            JournalError: it cannot.
        """
        self._append(Mark())

    def close(self) -> None:
        """Release the folder. What a run that outlives this still wants to write is refused."""
        with self._alone():
            self._is_closed = True
            os.close(self._file)
            os.close(self._lock)

    def _append(self, record: Record) -> None:
        line = encode(record)
        with self._alone(), self._refusals():
            if self._is_closed:
                raise JournalError(f"the journal {self._path} is closed", "the process is about to end")
            self._mend()
            try:
                _write_all(self._file, line)
                os.fsync(self._file)
            except OSError:
                self._needs_cut = True
                # The disk's first word is the one to hear; if the cut fails as well, the next append begins with it.
                with contextlib.suppress(OSError):
                    self._cut()
                raise
            self._end += len(line)
            self._account.add(record)
            if self._end > self._compact_at:
                self._compact()

    def _mend(self) -> None:
        """Make good what stands against an append: half a line, a rename that may not be on disk, a deleted file."""
        if self._needs_cut:
            self._cut()
        if not self._path.exists():
            self._rewrite(self._account)
        if self._needs_folder_sync:
            self._sync_folder()

    def _cut(self) -> None:
        os.ftruncate(self._file, self._end)
        self._needs_cut = False

    def _sync_folder(self) -> None:
        _sync_folder(self._folder)
        self._needs_folder_sync = False

    def _load(self) -> Account:
        content = self._path.read_bytes()
        reading = read(content)
        self._end = reading.end
        if reading.end < len(content):
            os.ftruncate(self._file, reading.end)
            os.fsync(self._file)
            logger.warning(
                "Cut a torn line off the journal %s; nobody was told that it was written",
                self._path,
                extra={"action": "journal_torn_line", "bytes": len(content) - reading.end},
            )
        account = Account(reading.records)
        self._compact_at = self._next_size(account)
        if reading.damages:
            self._keep_aside(reading.damages)
            self._rewrite(account)
        return account

    def _keep_aside(self, damages: tuple[Damage, ...]) -> None:
        aside = self._path.with_name(FILE_NAME + ".damaged")
        file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            _write_all(file, b"".join(damage.line + b"\n" for damage in damages))
            os.fsync(file)
        finally:
            os.close(file)
        _sync_folder(self._folder)
        where = ", ".join(f"{damage.number} ({damage.reason})" for damage in damages[:_NAMED_LINES])
        more = f" and {len(damages) - _NAMED_LINES} more" if len(damages) > _NAMED_LINES else ""
        logger.error(
            "The journal %s has damaged lines, kept in %s: %s%s. Postgres knows each intent all the same, and what"
            " became of it will be read on our timeline; see whether that disk is failing",
            self._path,
            aside,
            where,
            more,
            extra={"action": "journal_damaged", "count": len(damages)},
        )

    def _compact(self) -> None:
        # The append that led here is confirmed already; that the old file goes on growing is no reason to deny it.
        try:
            self._rewrite(self._account)
        except OSError as error:
            self._compact_at = self._end + self._limit
            logger.warning(
                "The journal %s could not be compacted and goes on growing",
                self._path,
                extra={"action": "journal_not_compacted", "data": str(error)},
            )

    def _rewrite(self, account: Account) -> None:
        """Put a file in the journal's place that holds what is not settled, and nothing else."""
        content = b"".join(map(encode, account.records()))
        draft = self._path.with_suffix(".new")
        file = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        try:
            _write_all(file, content)
            os.fsync(file)
            draft.rename(self._path)
        except OSError:
            os.close(file)
            draft.unlink()
            raise
        os.close(self._file)
        self._file, self._end, self._compact_at = file, len(content), self._next_size(account)
        # Until the rename is on disk a power cut would bring the old file back, without what is appended from now on.
        self._needs_folder_sync = True
        self._sync_folder()

    def _next_size(self, account: Account) -> int:
        # Twice what has to stay, or an unsettled file past its limit would be written anew at every append.
        return max(self._limit, 2 * sum(len(encode(record)) for record in account.records()))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._guard.acquire(timeout=_LOCK_WAIT_S):
            raise JournalError(f"{self._path} is busy for {_LOCK_WAIT_S:g} s", "see whether that disk hangs")
        try:
            yield
        finally:
            self._guard.release()

    @contextlib.contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, "no errno")
            remedy = _REMEDIES.get(error.errno or 0, "see whether that disk is failing")
            message = f"the journal {self._path} cannot be written: {error.strerror} ({name})"
            raise JournalError(message, remedy) from error


def _write_all(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


def _lock(folder: Path) -> int:
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        message = f"another process publishes with the journal in {folder}"
        raise ConfigError(message, "stop it, or give this one a data folder of its own") from error
    return lock


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
