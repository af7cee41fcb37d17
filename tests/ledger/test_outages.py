"""The database is away, or an attempt comes too late: with a Postgres, a site and a Chromium of the test's own."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.outcome import Done
from actors.embedded.postgres import EmbeddedPostgres
from actors.errors import CommitRefusedError, DeadlineError, ResourceDiedError
from tests.ledger.site_bench import WatchedBrowser
from tests.resources.test_database_catalogue import migrate
from tests.stage import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.ledger.site_bench import SiteBench

_LIMIT_S = 60.0


@pytest.fixture
def postgres(short_folder: Path) -> Iterator[EmbeddedPostgres]:
    """Yield a server that this test may take away."""
    server = EmbeddedPostgres(short_folder)
    yield server
    server.stop(_LIMIT_S)


@pytest.fixture
def database_url(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URL of its database, with the whole schema."""
    # A permission must outlive what a test does to the server before the click.
    monkeypatch.setattr("actors.ledger.attempt.CLICK_WITHIN_S", _LIMIT_S)
    url = postgres.ensure(_LIMIT_S).url
    migrate(url)
    return url


def stopped(server: EmbeddedPostgres) -> None:
    """End it in good order, as for a change of its version."""
    server.stop(_LIMIT_S)


def killed(server: EmbeddedPostgres) -> None:
    """Let it die at once."""
    os.kill(server.ensure(_LIMIT_S).pid, signal.SIGKILL)
    eventually(lambda: not server.is_alive(), "Postgres dead")


@pytest.mark.parametrize("kind", ["single", "thread", "reply"])
def test_b3_the_database_down_exactly_after_the_click_costs_no_receipt_and_doubles_nothing(
    bench: SiteBench, postgres: EmbeddedPostgres, kind: str
) -> None:
    decision = bench.put(kind)
    bench.browser.trouble, bench.browser.at_click = (lambda: killed(postgres)), True
    bench.browser.at = 1 if kind == "thread" else 0

    with pytest.raises(ResourceDiedError):
        bench.post()

    assert len(bench.site.truth()) == bench.browser.at + 1, "the click was made"
    postgres.ensure(_LIMIT_S)
    assert bench.decision(decision)["status"] == "publishing"
    bench.forward(minutes=5)
    outcome = bench.post()
    assert isinstance(outcome, Done)
    assert (outcome.counts["replayed"], outcome.counts["found"]) == (1, 0), "the journal had the receipt"
    assert bench.decision(decision)["status"] == "posted"
    bench.agree()


@pytest.mark.parametrize("take_away", [stopped, killed], ids=["stopped", "killed"])
def test_f10_ten_minutes_without_the_database_while_posting_lose_nothing_and_double_nothing(
    bench: SiteBench, postgres: EmbeddedPostgres, take_away: Callable[[EmbeddedPostgres], None]
) -> None:
    words = ["Early light wakes the harbour.", "Rye bread keeps for a week.", "Slow trains show more of the land."]
    decisions = [bench.put("single", (text,)) for text in words] + [bench.put("thread"), bench.put("reply")]
    bench.browser.trouble, bench.browser.at, bench.browser.at_click = (lambda: take_away(postgres)), 1, True
    with pytest.raises(ResourceDiedError):
        bench.post()
    visits = len(bench.browser.errands)

    for _ in range(2):
        bench.forward(minutes=5)
        with pytest.raises(ResourceDiedError):
            bench.post()

    assert len(bench.browser.errands) == visits, "without the ledger nobody goes to the site"
    assert len(bench.site.truth()) == 2
    postgres.ensure(_LIMIT_S)
    for _ in range(2):
        bench.post()
        bench.forward(minutes=5)
    assert [bench.decision(each)["status"] for each in decisions] == ["posted"] * len(decisions)
    bench.agree()


class Hung(WatchedBrowser):
    """The first publication hangs before its click until its asker gives it up; `wake` lets it go on all the same."""

    hung: Any = None

    def visit(self, errand: Any, on_commit: Callable[[Any], float] | None = None) -> Any:
        if self.hung is None:
            self.hung = (errand, on_commit)
            raise DeadlineError("it hangs")
        return super().visit(errand, on_commit)

    def wake(self) -> None:
        """Take the hung errand to its click."""
        super().visit(*self.hung)


@pytest.mark.parametrize("kind", ["single", "reply"])
@pytest.mark.parametrize("is_posted", [False, True], ids=["second under way", "second posted"])
def test_b5_an_attempt_that_hung_and_wakes_beside_or_after_a_second_one_makes_no_click(
    bench: SiteBench, kind: str, *, is_posted: bool
) -> None:
    bench.browser = hung = Hung(bench.browser.stage)
    decision, refused = bench.put(kind), []

    def wake() -> None:
        with pytest.raises(CommitRefusedError):
            hung.wake()
        refused.append(bench.decision(decision)["status"])

    bench.post()
    assert bench.decision(decision)["status"] == "queued"
    bench.forward(minutes=10)
    if not is_posted:
        hung.trouble = wake
    bench.post()
    assert bench.decision(decision)["status"] == "posted"
    if is_posted:
        wake()

    assert refused == ["posted" if is_posted else "claimed"]
    assert bench.attempts(decision) == [(0, "posted")]
    bench.agree()
