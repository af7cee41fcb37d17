"""The data directory: whom it lets in."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from actors.commands.loading import CONFIG_FILE, data_folder
from actors.config import load

if TYPE_CHECKING:
    from pathlib import Path


def test_others_may_pass_through_a_data_directory_that_is_made_and_not_read_it(tmp_path: Path) -> None:
    folder = data_folder(load(CONFIG_FILE, {}, {"data.dir": str(tmp_path / "up" / "data")}))

    assert stat.filemode(folder.stat().st_mode) == "drwx--x--x"


def test_a_data_directory_of_the_operators_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o750)

    folder = data_folder(load(CONFIG_FILE, {}, {"data.dir": str(tmp_path / "data")}))

    assert stat.filemode(folder.stat().st_mode) == "drwxr-x---"
