"""What a run hears of the other jobs, and says to the board and the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from actors.job import JobsView
from actors.messages import Describe, Judged, Trigger
from actors.runtime.jobs_client import JobsClient
from tests.fakes import NOW

HOUR = timedelta(hours=1)
SNAPSHOT: dict[str, Any] = {
    "jobs": {
        "plan": {"last_success_at": NOW - HOUR, "last_ended_at": NOW},
        "learn": {"last_success_at": None, "last_ended_at": None},
    },
    "running": {"posting": NOW},
    "families": {"content": {"paused": ("viral_thread",)}, "learning": {"paused": ()}},
    "waiting": {"learn": "metrics_scraper has never succeeded"},
}


class Desk:
    """An address that answers with the snapshot and keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def ask(self, message: Any, _: float) -> Any:
        assert isinstance(message, Describe)
        return SNAPSHOT

    def tell(self, message: Any, _: Any) -> None:
        self.told.append(message)


def test_a_run_sees_who_succeeded_ended_runs_is_paused_and_waits() -> None:
    board: Any = Desk()
    client = JobsClient(board, board, NOW - 9 * HOUR, tuple)
    assert client.view() == JobsView(
        since=NOW - 9 * HOUR,
        last_success={"plan": NOW - HOUR},
        running={"posting": NOW},
        last_ended={"plan": NOW},
        paused=frozenset({"viral_thread"}),
        waiting=frozenset({"learn"}),
    )


def test_a_verdict_goes_to_the_board_and_a_trigger_to_the_clock() -> None:
    board, clock = Desk(), Desk()
    client = JobsClient(board, clock, NOW, tuple)  # type: ignore[arg-type]
    client.judged("degraded", 92.0, "memory is tight")
    client.trigger("plan")
    assert board.told == [Judged("degraded", 92.0, "memory is tight")]
    assert clock.told == [Trigger("plan", "job")]
