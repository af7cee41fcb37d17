"""The embedded sandbox, for real: which port it gets, and who learns of it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from actors.embedded import sandbox as sandbox_module
from actors.embedded.sandbox import EmbeddedSandbox
from actors.errors import ConfigError

from .ports import squat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TIMEOUT = 30


@contextmanager
def sandbox(folder: Path, port: int = 0) -> Iterator[EmbeddedSandbox]:
    now = time.time()
    server = EmbeddedSandbox(folder, port, (now, now), 60.0)
    try:
        yield server
    finally:
        server.stop(10)


def test_a_restarted_sandbox_is_found_on_the_port_it_had(tmp_path: Path) -> None:
    with sandbox(tmp_path) as server:
        before = server.ensure(TIMEOUT)
        server.stop(10)

        after = server.ensure(TIMEOUT)

    assert (after.url, after.was_running) == (before.url, False)
    assert after.pid != before.pid


def test_a_neighbour_on_the_last_port_is_not_taken_for_ours(tmp_path: Path) -> None:
    with sandbox(tmp_path / "ours") as server:
        before = server.ensure(TIMEOUT).url
        server.stop(10)
        with sandbox(tmp_path / "neighbours", urlsplit(before).port or 0) as neighbour:
            taken = neighbour.ensure(TIMEOUT)

            with pytest.raises(ConfigError, match="is taken"):
                server.ensure(TIMEOUT)
            with sandbox(tmp_path / "ours") as later:
                after = later.ensure(TIMEOUT)
                again = later.ensure(TIMEOUT)

            assert taken.url == before
            assert after.url != before
            assert again == replace(after, was_running=True), "whoever comes later reads the port that was got"


def test_a_configured_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with (
        squat() as port,
        sandbox(tmp_path, port) as server,
        pytest.raises(ConfigError, match=f"port {port} for the sandbox is taken"),
    ):
        server.ensure(TIMEOUT)


def test_a_configured_port_that_is_taken_while_it_starts_is_named_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_require, looks = sandbox_module.require_free, []

    def once_overlooked(port: int, owner: str) -> None:
        looks.append(port)
        if len(looks) > 1:
            really_require(port, owner)

    monkeypatch.setattr(sandbox_module, "require_free", once_overlooked)
    with (
        squat() as port,
        sandbox(tmp_path, port) as server,
        pytest.raises(ConfigError, match=f"port {port} for the sandbox is taken"),
    ):
        server.ensure(TIMEOUT)

    assert looks == [port, port]
