"""A signal in the first second of a run, before the program that would answer it is even imported."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

AT_IMPORT = """
import os, sys
import supervisor

class Signals:
    def find_spec(self, name, path=None, target=None):
        if name == "actors.commands.door":
            for _ in range({times}):
                os.kill(os.getpid(), {number})

sys.meta_path.insert(0, Signals())
sys.exit(supervisor.main())
"""
"""Sends itself a signal in the moment in which the first slow import begins."""


def first_second(data: Path, number: int, times: int) -> Engine:
    return Engine(data, program=("-c", AT_IMPORT.format(number=int(number), times=times))).start()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_d11_a_signal_before_anything_is_imported_ends_with_0_and_a_line_and_starts_no_server(
    tmp_path: Path, number: int
) -> None:
    engine = first_second(tmp_path / "data", number, 1)
    assert engine.wait(60) == 0, engine.tail()
    assert [line["action"] for line in engine.lines] == ["starting", "stopped"]
    assert engine.noise == []


def test_d11_a_second_signal_ends_it_at_once_even_then(tmp_path: Path) -> None:
    assert first_second(tmp_path / "data", signal.SIGTERM, 2).wait(60) == 128 + signal.SIGTERM
