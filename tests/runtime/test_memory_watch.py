"""The memory actor on account files such as the kernel writes, and what it tells whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.memory import Level, Usage
from actors.messages import Pressure
from actors.runtime.address import Address
from actors.runtime.memory import Container, Memory
from tests.runtime.stage import Node, Stage, take
from tests.stage import eventually

if TYPE_CHECKING:
    from pathlib import Path

MB = 1024 * 1024


class Host:
    """A folder of cgroups as the kernel shows them, and a memory actor that reads it."""

    def __init__(self, folder: Path) -> None:
        self.root, self.own = folder / "cgroup", folder / "own"
        self.front, self.board = Address("browser"), Address("board")

    def belongs(self, *lines: str) -> None:
        self.own.write_text("".join(f"{line}\n" for line in lines))

    def write(self, place: str, **files: object) -> None:
        folder = self.root / place
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(f"{text}\n")

    def v2(self, place: str, used: int, limit: int | str, inactive: int = 0) -> None:
        text = limit if isinstance(limit, str) else limit * MB
        stat = f"anon 1\ninactive_file {inactive * MB}\nactive_file 5"
        self.write(place, memory__current=used * MB, memory__max=text, memory__stat=stat)

    def v1(self, place: str, used: int, limit: int, inactive: int = 0) -> None:
        stat = f"inactive_file 1\ntotal_inactive_file {inactive * MB}"
        self.write(place, memory__usage_in_bytes=used * MB, memory__limit_in_bytes=limit, memory__stat=stat)

    def usage(self) -> Usage | None:
        return Container(self.root, self.own).usage()

    def watch(self) -> Stage:
        container = Container(self.root, self.own)
        return Stage(lambda context: Memory(context, container, (self.front,), self.board))

    def told(self) -> list[Level]:
        return [news.level for news in take(self.front, Pressure)]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    host.belongs("0::/")
    return host


def look(stage: Stage) -> None:
    stage.behaviour._look()


def test_a8_the_account_of_version_2_leaves_out_the_files_that_nobody_uses(host: Host) -> None:
    host.v2("", used=500, limit=512, inactive=100)
    assert host.usage() == Usage(400 * MB, 512 * MB)


def test_a8_the_account_of_version_1_is_read_as_well(host: Host) -> None:
    host.belongs("9:name=systemd:/", "4:cpu,memory:/box", "0::/")
    host.v1("memory/box", used=500, limit=512 * MB, inactive=100)
    assert host.usage() == Usage(400 * MB, 512 * MB)


def test_a8_of_all_limits_around_us_the_nearest_counts(host: Host) -> None:
    host.belongs("0::/pod/box")
    host.v2("pod/box", used=100, limit=512)
    host.v2("pod", used=900, limit=1000)
    assert host.usage() == Usage(900 * MB, 1000 * MB)


def test_a8_a_container_that_sees_its_own_account_as_the_root_finds_it(host: Host) -> None:
    host.belongs("4:memory:/docker/abc")
    host.v1("memory", used=100, limit=512 * MB)
    assert host.usage() == Usage(100 * MB, 512 * MB)


@pytest.mark.parametrize("limit", ["max", 2**63 // MB])
def test_a8_no_limit_in_either_version_is_no_pressure(host: Host, limit: Any) -> None:
    host.belongs("0::/", "4:memory:/")
    host.v2("", used=500, limit="max")
    host.v1("memory", used=500, limit=2**63 - 4096)
    assert host.usage() is None


def test_a8_without_any_account_there_is_no_pressure(host: Host) -> None:
    host.own.unlink()
    assert host.usage() is None


def test_a8_fronts_hear_each_change_and_while_it_lasts_every_reading(host: Host) -> None:
    host.v2("", used=100, limit=512)
    stage = host.watch()
    look(stage)
    assert host.told() == []
    for used in (490, 490, 100, 100):
        host.v2("", used=used, limit=512)
        look(stage)
    assert host.told() == [Level.CRITICAL, Level.CRITICAL, Level.OK]
    assert [news.usage.used // MB for news in take(host.board, Pressure)] == [100, 490, 490, 100, 100]


def test_a8_the_first_look_comes_by_itself(host: Host) -> None:
    host.v2("", used=490, limit=512)
    node = Node(lambda context: Memory(context, Container(host.root, host.own), (host.front,), host.board))
    eventually(lambda: len(host.front.mailbox), "the front told")
    node.end()
    assert host.told()[0] is Level.CRITICAL


def test_a8_each_change_of_level_is_one_line_with_the_figures(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    stage = host.watch()
    for used in (490, 490, 100):
        host.v2("", used=used, limit=512)
        look(stage)
    lines = [(line.action, line.levelname, line.data) for line in caplog.records]  # type: ignore[attr-defined]
    assert lines == [
        ("memory_critical", "ERROR", "490 of 512 MB are used (96%)"),
        ("memory_ok", "INFO", "100 of 512 MB are used (20%)"),
    ]


def test_a8_an_account_that_cannot_be_read_is_said_once_and_presses_nobody(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    host.write("", memory__max="rubbish")
    stage = host.watch()
    look(stage)
    look(stage)
    assert [line.action for line in caplog.records] == ["memory_unreadable"]  # type: ignore[attr-defined]
    assert host.told() == []
