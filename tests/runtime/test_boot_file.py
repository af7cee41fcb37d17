"""The boot file from one process to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from actors.domain.boot import BootState
from actors.runtime.boot import BootFile

if TYPE_CHECKING:
    from pathlib import Path


def test_deaths_are_counted_from_process_to_process_until_one_is_stable(tmp_path: Path) -> None:
    path = tmp_path / "boot.json"
    assert [BootFile(path).boot.deaths for _ in range(4)] == [0, 1, 2, 3]
    BootFile(path).mark(BootState.STABLE)
    assert [BootFile(path).boot.deaths for _ in range(2)] == [0, 1]


def test_a_process_that_ended_as_asked_is_no_death(tmp_path: Path) -> None:
    path = tmp_path / "boot.json"
    BootFile(path)
    BootFile(path).mark(BootState.ENDED)
    assert BootFile(path).boot.deaths == 0


def test_each_boot_knows_the_one_before_it(tmp_path: Path) -> None:
    path = tmp_path / "boot.json"
    assert [BootFile(path, boot).predecessor for boot in ("one", "two", "three")] == ["", "one", "two"]


def test_a_disk_that_takes_nothing_is_named_and_ends_no_work(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = BootFile(tmp_path / "missing" / "boot.json")
    file.mark(BootState.STABLE)
    assert file.boot.state is BootState.STABLE
    assert caplog.text.count("the boot file is not kept") == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": "odd", "deaths": 1}', '{"state": "young"}'])
def test_a_file_that_cannot_be_read_is_named_and_begun_anew(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "boot.json"
    path.write_text(text)
    assert BootFile(path).boot.deaths == 0
    assert "boot file is not readable" in caplog.text
    assert BootFile(path).boot.deaths == 1
