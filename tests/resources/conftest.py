"""What all tests of resources share."""

from __future__ import annotations

import pytest

from actors.runtime import front


@pytest.fixture(autouse=True)
def _frequent_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fronts look at what was abandoned or is idle ten times as often, for tests wait for just that."""
    monkeypatch.setattr(front, "_REPORT_EVERY_S", 0.1)
