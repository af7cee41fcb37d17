"""The journal on a real disk, on one that fails at every step, and between processes."""

from __future__ import annotations

import contextlib
import errno
import functools
import itertools
import logging
import os
import subprocess
import sys
import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.journal import Account, Grant, Settled, Testimony, Unsettled, encode
from actors.errors import ConfigError, JournalError, TransientError
from actors.resources.journal import FILE_NAME, Journal
from tests.resources.failing_disk import Death, FailingDisk, Loss
from tests.stage import PATIENCE_S, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from actors.domain.journal import Record

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
SMALL = 2_000
"""Bytes after which a test's journal is compacted: about five grants."""


def grant(number: int) -> Grant:
    ids = uuid.UUID(int=number), uuid.UUID(int=1000 + number)
    return Grant(*ids, 0, 1, "boot", 7, "content", f"Text {number}.", None, NOW, NOW, NOW)


def said(number: int) -> Testimony:
    return Testimony(uuid.UUID(int=number), str(1_900_000_000_000_000_000 + number), "response", NOW)


def settled(number: int) -> Settled:
    return Settled(uuid.UUID(int=number))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def open_journal(folder: Path) -> Iterator[Callable[..., Journal]]:
    opened: list[Journal] = []

    def open_it(**settings: int) -> Journal:
        while opened:
            opened.pop().close()
        opened.append(Journal(folder, **settings))
        return opened[-1]

    yield open_it
    while opened:
        opened.pop().close()


def put(journal: Journal, record: Record) -> None:
    match record:
        case Grant():
            journal.grant(record)
        case Testimony():
            journal.receipt(record)
        case Settled(attempt_id):
            journal.settle(attempt_id)
        case _:
            journal.verify()


def test_what_was_granted_and_said_is_there_after_a_restart_until_it_is_settled(
    open_journal: Callable[..., Journal],
) -> None:
    journal = open_journal()
    for record in (grant(1), grant(2), said(1), grant(3), settled(2)):
        put(journal, record)

    assert journal.unsettled() == (Unsettled(grant(1), said(1)), Unsettled(grant(3), None))
    journal = open_journal()
    assert journal.unsettled() == (Unsettled(grant(1), said(1)), Unsettled(grant(3), None))
    journal.settle(grant(1).attempt_id)
    journal.settle(grant(3).attempt_id)
    assert open_journal().unsettled() == ()


def test_settling_what_is_not_known_writes_nothing(open_journal: Callable[..., Journal], folder: Path) -> None:
    journal = open_journal()

    journal.settle(uuid.uuid4())

    assert (folder / FILE_NAME).read_bytes() == b""


def test_f8_a_new_folder_s_own_name_is_on_disk_before_anything_is_written_in_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, synced = os.fsync, []
    monkeypatch.setattr(os, "fsync", lambda file: (synced.append(os.fstat(file).st_ino), fsync(file)))

    Journal(folder).close()

    assert synced[:2] == [folder.parent.stat().st_ino, folder.stat().st_ino]


def test_only_its_owner_may_read_the_journal(open_journal: Callable[..., Journal], folder: Path) -> None:
    open_journal()

    assert (folder / FILE_NAME).stat().st_mode & 0o077 == 0


def test_f8_a_torn_last_line_is_cut_off_and_the_next_one_is_whole(
    open_journal: Callable[..., Journal], folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(open_journal(), grant(1))
    with (folder / FILE_NAME).open("ab") as file:
        file.write(encode(grant(2))[:-1])

    journal = open_journal()

    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert journal.unsettled() == (Unsettled(grant(1), None),)
    put(journal, grant(3))
    caplog.clear()
    assert open_journal().unsettled() == (Unsettled(grant(1), None), Unsettled(grant(3), None))
    assert caplog.records == []


def test_f8_a_damaged_line_is_kept_aside_and_told_once_and_the_rest_is_read(
    open_journal: Callable[..., Journal], folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad = encode(grant(2)).replace(b"Text 2", b"Text 3")
    open_journal()
    (folder / FILE_NAME).write_bytes(encode(grant(1)) + bad + encode(said(2)) + encode(grant(3)))

    journal = open_journal()

    (line,) = caplog.records
    assert line.levelno == logging.ERROR
    assert f"journal {folder / FILE_NAME} has damaged lines" in line.getMessage()
    assert ": 2 (the checksum is wrong)" in line.getMessage()
    assert "will be read on our timeline" in line.getMessage()
    assert (folder / f"{FILE_NAME}.damaged").read_bytes() == bad
    assert journal.unsettled() == (Unsettled(grant(1), None), Unsettled(grant(3), None))
    assert journal.strays() == (said(2),), "a testimony is no less true for its damaged grant"
    caplog.clear()
    journal = open_journal()
    assert caplog.records == [], "told once"
    assert journal.strays() == (said(2),)
    journal.settle(said(2).attempt_id)
    assert open_journal().strays() == ()


def test_f8_concurrent_append_and_compaction_lose_nothing(open_journal: Callable[..., Journal], folder: Path) -> None:
    journal = open_journal(limit_bytes=SMALL)
    files = {(folder / FILE_NAME).stat().st_ino}
    together = threading.Barrier(6)

    def publish(numbers: range) -> None:
        together.wait(PATIENCE_S)
        for number in numbers:
            put(journal, grant(number))
            put(journal, said(number))
            if number % 5:
                put(journal, settled(number))
            files.add((folder / FILE_NAME).stat().st_ino)

    for outcome in [Outcome(functools.partial(publish, range(start, start + 15))) for start in range(0, 90, 15)]:
        outcome.get()

    assert len(files) > 1, "it was never compacted"
    kept = sorted(number for number in range(90) if number % 5 == 0)
    for each in (journal, open_journal()):
        rows = sorted(each.unsettled(), key=lambda row: row.grant.attempt_id)
        assert rows == [Unsettled(grant(number), said(number)) for number in kept]


def test_f8_the_file_stays_near_its_limit_whatever_goes_through_it(
    open_journal: Callable[..., Journal], folder: Path
) -> None:
    journal = open_journal(limit_bytes=SMALL)
    put(journal, grant(1))
    sizes = []

    for number in range(2, 40):
        for record in (grant(number), said(number), settled(number)):
            put(journal, record)
            sizes.append((folder / FILE_NAME).stat().st_size)

    assert max(sizes) <= SMALL
    assert open_journal().unsettled() == (Unsettled(grant(1), None),)


def test_a_file_of_unsettled_attempts_alone_is_not_written_anew_at_each_append(
    open_journal: Callable[..., Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal(limit_bytes=SMALL)
    rename, renamed = os.rename, []
    monkeypatch.setattr(os, "rename", lambda *names, **more: (renamed.append(names), rename(*names, **more)))

    for number in range(40):
        put(journal, grant(number))

    assert len(journal.unsettled()) == 40
    assert 0 < len(renamed) < 8


def test_f8_a_compaction_that_is_refused_denies_no_append_leaves_no_draft_and_is_not_tried_each_time(
    open_journal: Callable[..., Journal],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    journal = open_journal(limit_bytes=SMALL)

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(os, "rename", refuse)
    for number in range(10):
        put(journal, grant(number))
        put(journal, settled(number))
    monkeypatch.undo()

    size = (folder / FILE_NAME).stat().st_size
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * (size // SMALL)
    assert sorted(path.name for path in folder.iterdir()) == [FILE_NAME, "lock"]
    put(journal, grant(11))
    assert open_journal().unsettled() == (Unsettled(grant(11), None),)


SCRIPT: tuple[Record, ...] = (
    *(grant(1), said(1), grant(2), settled(1), grant(3), said(3), settled(2), grant(4), settled(3), grant(5)),
    *(said(4), settled(4), grant(6), said(6), said(5), grant(7), settled(7), grant(8), settled(6)),
)
"""Makes a journal of `SMALL` bytes compact itself, and leaves attempts of each kind."""


def play(folder: Path, disk: FailingDisk) -> tuple[list[Record], list[Record]]:
    """Return what was confirmed, and what was under way when the process died."""
    confirmed: list[Record] = []
    journal = None
    with pytest.MonkeyPatch.context() as patch:
        disk.install(patch)
        try:
            journal = Journal(folder, SMALL)
            for record in SCRIPT:
                put(journal, record)
                confirmed.append(record)
        except Death:
            return confirmed, list(SCRIPT[len(confirmed) :][: journal is not None])
        finally:
            if journal is not None:
                journal.close()
    return confirmed, []


def account_of(folder: Path) -> tuple[Any, ...]:
    journal = Journal(folder, SMALL)
    try:
        return journal.unsettled(), journal.strays()
    finally:
        journal.close()


def folded(records: list[Record]) -> tuple[Any, ...]:
    account = Account(records)
    return account.unsettled(), account.strays()


def ready(folder: Path) -> Path:
    """Return a new folder with a journal that holds a torn line and a damaged one, as opening may find it."""
    Journal(folder).close()
    (folder / FILE_NAME).write_bytes(encode(settled(90))[:-2] + b"\n" + encode(grant(99))[:50])
    return folder


@pytest.mark.parametrize("loss", Loss)
def test_f8_a_death_at_any_step_of_an_append_or_a_compaction_leaves_all_that_was_confirmed(
    tmp_path: Path, loss: Loss
) -> None:
    for step in itertools.count(1):
        folder = ready(tmp_path / f"{step}")
        disk = FailingDisk(folder, step, kills=True)
        confirmed, under_way = play(folder, disk)
        disk.lose(loss)

        found = account_of(folder)

        assert found in (folded(confirmed), folded(confirmed + under_way)), f"{disk.failed} at step {step}"
        assert account_of(folder) == found, "opening settles it"
        if not disk.failed:
            assert step > 2 * len(SCRIPT), "every append takes two steps at least"
            assert confirmed == list(SCRIPT)
            return


@pytest.mark.parametrize("loss", Loss)
def test_f8_a_death_while_a_dead_one_s_journal_is_opened_loses_nothing_either(tmp_path: Path, loss: Loss) -> None:
    for step in itertools.count(1):
        folder = ready(tmp_path / f"{step}")
        journal = Journal(folder)
        put(journal, grant(1))
        journal.close()
        content = (folder / FILE_NAME).read_bytes()
        (folder / FILE_NAME).write_bytes(b"damaged\n" + content + encode(grant(2))[:50])
        (folder / f"{FILE_NAME}.damaged").unlink()
        disk = FailingDisk(folder, step, kills=True)
        with pytest.MonkeyPatch.context() as patch:
            disk.install(patch)
            with contextlib.suppress(Death):
                Journal(folder).close()
        disk.lose(loss)

        assert account_of(folder) == folded([grant(1)]), f"{disk.failed} at step {step}"
        assert b"damaged\n" in (folder / f"{FILE_NAME}.damaged").read_bytes()
        if not disk.failed:
            assert step > 5
            return


@pytest.mark.parametrize("loss", Loss)
@pytest.mark.parametrize("times", [1, 2, 4])
def test_f8_a_disk_that_refuses_at_any_step_costs_the_refused_records_only(
    tmp_path: Path, times: int, loss: Loss
) -> None:
    for step in itertools.count(1):
        folder = tmp_path / f"{step}"
        journal = Journal(folder, SMALL)
        disk = FailingDisk(folder, step, kills=False, times=times)
        confirmed, refused = [], []
        with pytest.MonkeyPatch.context() as patch:
            disk.install(patch)
            for record in SCRIPT:
                try:
                    put(journal, record)
                    confirmed.append(record)
                except JournalError:
                    refused.append(record)
            inside = journal.unsettled(), journal.strays()
        journal.close()
        disk.lose(loss)

        assert inside == folded(confirmed)
        # A disk that refuses to take half an append back, to the very end, may keep that one.
        kept = refused if times > 1 and disk.refuses_still else []
        possible = [inside, *(folded([*confirmed, record]) for record in kept)]
        assert account_of(folder) in possible, f"{disk.failed} at step {step}"
        if not disk.failed:
            assert confirmed == list(SCRIPT)
            return


def run_child(code: str, folder: Path) -> subprocess.Popen[str]:
    """Start a process of its own that has `journal`, `grant` and `said` at hand."""
    setting = (
        "import itertools, resource, sys, pathlib\n"
        "from tests.resources.test_journal import *\n"
        "journal = Journal(pathlib.Path(sys.argv[1]), SMALL)\n"
        "def tell(*words): sys.stdout.write(' '.join(map(str, words)) + '\\n'); sys.stdout.flush()\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", setting + code, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_f8_a_full_disk_is_named_with_its_remedy_and_forgotten_when_there_is_room_again(
    folder: Path, open_journal: Callable[..., Journal]
) -> None:
    child = run_child(
        "journal.grant(grant(1))\n"
        "size = (pathlib.Path(sys.argv[1]) / FILE_NAME).stat().st_size\n"
        "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))\n"
        "for call in (lambda: journal.grant(grant(2)), lambda: journal.receipt(said(1))):\n"
        "    try: call()\n"
        "    except JournalError as error: tell(error)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n"
        "journal.grant(grant(3)); journal.verify(); tell('written')\n",
        folder,
    )
    said_by_child, _ = child.communicate(timeout=PATIENCE_S)

    first, second, last = said_by_child.splitlines()
    for line in (first, second):
        assert str(folder / FILE_NAME) in line
        assert "EFBIG" in line
        assert "ulimit" in line
    assert last == "written"
    assert open_journal().unsettled() == (Unsettled(grant(1), None), Unsettled(grant(3), None))


@pytest.mark.parametrize(("number", "remedy"), [(errno.ENOSPC, "free space"), (errno.EIO, "failing")])
def test_verify_says_what_stands_against_writing_and_what_to_do(
    open_journal: Callable[..., Journal], folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    journal = open_journal()
    journal.verify()

    def refuse(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(JournalError) as raised:
        journal.verify()
    monkeypatch.undo()

    assert str(folder / FILE_NAME) in str(raised.value)
    assert errno.errorcode[number] in str(raised.value)
    assert remedy in str(raised.value)
    assert isinstance(raised.value, TransientError)
    assert not raised.value.is_infrastructure
    journal.verify()


def test_f8_a_journal_that_a_clean_up_removed_is_written_again_with_all_it_held(
    open_journal: Callable[..., Journal], folder: Path
) -> None:
    journal = open_journal()
    put(journal, grant(1))
    (folder / FILE_NAME).unlink()

    put(journal, grant(2))

    assert open_journal().unsettled() == (Unsettled(grant(1), None), Unsettled(grant(2), None))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(JournalError, match="ENOTDIR"):
        Journal(tmp_path / "file" / "journal")


def test_f8_a_second_process_is_refused_until_the_first_is_gone(folder: Path) -> None:
    child = run_child("journal.grant(grant(1)); tell('open'); sys.stdin.read()\n", folder)
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"

    with pytest.raises(ConfigError, match=r"another process publishes.*stop it") as raised:
        Journal(folder)
    assert str(folder) in str(raised.value)
    child.kill()
    child.communicate(timeout=PATIENCE_S)

    assert account_of(folder) == folded([grant(1)])


def test_f8_a_process_killed_among_appends_and_compactions_forgets_nothing_it_confirmed(folder: Path) -> None:
    child = run_child(
        "for number in itertools.count(1):\n"
        "    journal.grant(grant(number)); tell('grant', number)\n"
        "    if number % 4: journal.receipt(said(number)); tell('said', number)\n"
        "    if number % 3: journal.settle(grant(number).attempt_id); tell('settled', number)\n",
        folder,
    )
    assert child.stdout is not None
    with child:
        lines = [child.stdout.readline() for _ in range(60)]
        child.kill()
        # By the same reader: what it has taken in already, nobody else would find. A dead child's pipe ends.
        lines += [line for line in child.stdout if line.endswith("\n")]

    make: dict[str, Callable[[int], Record]] = {"grant": grant, "said": said, "settled": settled}
    confirmed = [make[word](int(number)) for word, number in map(str.split, lines)]
    last = int(lines[-1].split()[1])
    next_ones = [[], *([make(number)] for make in make.values() for number in (last, last + 1))]
    assert account_of(folder) in [folded(confirmed + more) for more in next_ones]


def test_b3_it_knows_the_latest_attempts_that_have_to_have_a_receipt(open_journal: Callable[..., Journal]) -> None:
    journal = open_journal()
    for number in range(3):
        put(journal, grant(number))
        journal.settle(grant(number).attempt_id, has_receipt=number > 0)
    assert journal.confirmed() == (grant(1).attempt_id, grant(2).attempt_id)
    journal.forget_confirmed()
    assert journal.confirmed() == ()


def test_a_closed_journal_takes_nothing_more(folder: Path) -> None:
    journal = Journal(folder)
    journal.close()
    with pytest.raises(JournalError, match="is closed"):
        journal.grant(grant(1))
