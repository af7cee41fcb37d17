"""Fixtures of the kernel's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from actors.runtime.loop import LoopThread

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def loop_thread() -> Iterator[LoopThread]:
    """A running loop that is stopped after the test."""
    loop = LoopThread()
    yield loop
    loop.stop()
