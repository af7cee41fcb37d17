"""The event log on disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from actors.errors import ConfigError
from actors.sandbox.store import EventLog

if TYPE_CHECKING:
    from pathlib import Path


def test_events_come_back_in_their_order(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    for number in range(3):
        log.append({"number": number, "text": "two\nlines\r and \u2028 more"})
    log.close()
    again = EventLog(tmp_path)
    assert [event["number"] for event in again.replay()] == [0, 1, 2]
    again.close()


@pytest.mark.parametrize("torn", [b'{"number": 9', b"\x00\x00\x00", b"{"])
def test_a_torn_last_line_is_cut_and_writing_goes_on(tmp_path: Path, torn: bytes) -> None:
    log = EventLog(tmp_path)
    log.append({"number": 1})
    log.close()
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(torn)
    again = EventLog(tmp_path)
    again.append({"number": 2})
    assert [event["number"] for event in again.replay()] == [1, 2]
    again.close()


def test_a_bad_line_in_the_middle_is_refused_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_bytes(b'{"a": 1}\nrubbish\n{"a": 2}\n')
    log = EventLog(tmp_path)
    with pytest.raises(ConfigError, match="line 2"):
        list(log.replay())
    log.close()


def test_a_failed_write_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = EventLog(tmp_path)
    log.append({"number": 1})
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("no space")))
        with pytest.raises(OSError, match="no space"):
            log.append({"number": 2})
    log.append({"number": 3})
    assert [event["number"] for event in log.replay()] == [1, 3]
    log.close()


def test_a_second_sandbox_may_not_use_the_directory(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    with pytest.raises(ConfigError, match="another sandbox"):
        EventLog(tmp_path)
    log.close()
    EventLog(tmp_path).close()
