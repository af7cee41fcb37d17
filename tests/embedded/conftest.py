"""Folders for servers."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Yield a folder that anybody may enter, unlike pytest's own, whose path fits a socket's 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="sgs-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
