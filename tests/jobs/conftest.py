"""Jobs are called as functions here: real Postgres behind the database door, fakes at the other edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes import LedgerDoor
from tests.jobs.doors import Bench, draw_ids

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    """Return a workbench on a fresh database."""
    ledger = LedgerDoor(database_url)
    yield Bench(ledger)
    ledger.close()


@pytest.fixture
def same_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the same choices in every run: now and then three texts of one are refused in a row, and it is given up."""
    draw_ids(monkeypatch)
