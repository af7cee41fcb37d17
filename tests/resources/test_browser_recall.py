"""P0's context is lent while it is not needed, and had back at once: on real Chromium and a site of static pages."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from actors.domain.priority import Band, Priority
from actors.domain.workload import Span
from actors.errors import DeadlineError, ExpiredError
from actors.messages import Forecast, Request
from actors.resources.browser import Browser, BrowserClient
from actors.runtime.address import Address
from actors.runtime.client import Caller, Scope
from tests.pages.fixture_site import FixtureSite
from tests.resources.browser_stage import PAGE, Look, Wait, chromiums, client, overlook_others, settings
from tests.runtime.stage import take
from tests.stage import PATIENCE_S, Outcome, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.async_api import Page

    from actors.pages.errand import Desk
    from tests.stage import Stage

P0, P1, _, P3 = Priority
FAR_S = 600.0
WAITING = "() => new Promise(() => {})"
SPINNING = "() => { while (true) {} }"
COUNTING = "localStorage.looks = 1 + Number(localStorage.looks || 0)"


@dataclass(frozen=True, slots=True)
class Read(Look):
    """The first time be stuck on the page, by its `script`; from the second time on read its title."""

    recallable: ClassVar[bool] = True

    pages: list[Page] = field(default_factory=list)

    async def perform(self, page: Page, desk: Desk) -> Any:
        await page.goto(desk.site + PAGE, wait_until="domcontentloaded")
        self.pages.append(page)
        if len(self.pages) == 1:
            await page.evaluate(self.script)
        return await page.title()


@dataclass(frozen=True, slots=True)
class ReadAndTidy(Read):
    """The same, and then tidy up on the page, whatever happened there."""

    async def perform(self, page: Page, desk: Desk) -> Any:
        try:
            # Not super(): a dataclass with slots is another class than the one that its methods were written in.
            return await Read.perform(self, page, desk)
        finally:
            await page.evaluate("1")


@dataclass(frozen=True, slots=True)
class Publish(Look):
    """Ask for permission and count a click."""

    async def perform(self, page: Page, desk: Desk) -> Any:
        await page.goto(desk.site + PAGE, wait_until="domcontentloaded")
        await desk.commit("prepared")
        return await page.evaluate("localStorage.clicks = 1 + Number(localStorage.clicks || 0)")


@pytest.fixture(autouse=True)
def _overlook_others() -> None:
    overlook_others()


@pytest.fixture
def lend(stage: Stage, tmp_path: Path) -> Iterator[Callable[..., Browser]]:
    """Open a browser that has one context for P0, which will not need it for long, and so many for the others."""
    site = FixtureSite()
    site.pages[PAGE] = "<!doctype html><title>A page</title>"

    def lend(others: int = 0) -> Browser:
        browser = Browser(stage.loop, settings(site.url, tmp_path))
        stage.front(browser, others + 1, reserved=1).tell(Forecast(time.monotonic() + FAR_S))
        return browser

    yield lend
    site.close()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a recall take its time: a busy machine closes a context in more than P0 would wait for it."""
    monkeypatch.setattr("actors.domain.arbiter.RECALL_LIMIT_S", PATIENCE_S)


def read(stage: Stage, errand: Read) -> Outcome:
    """Send the errand; return once it is on its page."""
    outcome = Outcome(lambda: client(stage).visit(errand))
    eventually(lambda: errand.pages, "the errand on its page")
    return outcome


def counted(stage: Stage, **expected: int) -> None:
    """Wait until the front has counted exactly this."""
    eventually(lambda: expected.items() <= stage.state("browser").counters.items(), str(expected))


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("kind", "script"),
    [(Read, WAITING), (Read, SPINNING), (ReadAndTidy, SPINNING)],
    ids=["a page that waits", "a page that spins", "a page that spins and an errand that asks it for more"],
)
def test_a3_an_unannounced_p0_has_the_lent_context_and_the_recalled_errand_ends_after_it(
    stage: Stage, lend: Callable[..., Browser], caplog: pytest.LogCaptureFixture, kind: type[Read], script: str
) -> None:
    caplog.set_level(logging.INFO)
    browser, errand = lend(), kind(script)
    lent = read(stage, errand)
    assert stage.state("browser").lent == 1

    assert client(stage, P0).visit(Look()) == "A page"

    assert lent.get() == "A page"
    assert len(errand.pages) == 2
    counted(stage, done=2, failed=0, recalled=1, revoked=0)
    assert browser.launches == 1
    assert [line.slot for line in caplog.records if getattr(line, "action", "") == "errand_recalled"] == [0]  # type: ignore[attr-defined]


@pytest.mark.usefixtures("patient")
def test_a11_what_follows_a_recall_has_a_context_of_its_own(stage: Stage, lend: Callable[..., Browser]) -> None:
    lend()
    assert [client(stage, P0).visit(Look(COUNTING)) for _ in range(2)] == [1, 2]
    lent = read(stage, Read(WAITING))

    assert client(stage, P0).visit(Look(COUNTING)) == 1

    assert lent.get() == "A page"


@pytest.mark.usefixtures("patient")
def test_b5_a_publication_is_neither_lent_to_nor_recalled(stage: Stage, lend: Callable[..., Browser]) -> None:
    lend(others=1)
    asked, granted = threading.Event(), threading.Event()

    def grant(_: Any) -> float:
        asked.set()
        assert granted.wait(FAR_S)
        return 0.0

    publication = Outcome(lambda: client(stage, P3).visit(Publish(), grant))
    assert asked.wait(FAR_S)
    second = Outcome(lambda: client(stage, P3).visit(Publish(), lambda _: 0.0))
    eventually(lambda: stage.state("browser").waiting == 1, "the second one in the queue")
    lent = read(stage, Read(WAITING))

    assert client(stage, P0).visit(Look()) == "A page"
    granted.set()

    assert (publication.get(), second.get(), lent.get()) == (1, 2, "A page")
    counted(stage, done=4, recalled=1)


def test_a9_a_chromium_that_hangs_as_it_is_called_back_is_replaced_and_p0_served(
    stage: Stage, lend: Callable[..., Browser]
) -> None:
    browser = lend()
    lent = read(stage, Read(WAITING))
    chromiums()[0].suspend()

    assert client(stage, P0).visit(Look()) == "A page"

    with pytest.raises(DeadlineError, match="called back for P0"):
        lent.get()
    counted(stage, done=1, recalled=0, revoked=1)
    assert browser.launches == 2


def test_a_recalled_errand_that_can_no_longer_start_in_time_says_so(
    stage: Stage, lend: Callable[..., Browser]
) -> None:
    lend()
    errand = Read(WAITING)
    # Of the scope's time all but a second is the errand's own.
    impatient = BrowserClient(stage.caller("browser", P1, within=Read.deadline_s + 1.0))
    lent = Outcome(lambda: impatient.visit(errand))
    eventually(lambda: errand.pages, "the errand on its page")
    Outcome(lambda: client(stage, P0).visit(Wait()))

    with pytest.raises(ExpiredError, match="no free slot before"):
        lent.get()

    assert len(errand.pages) == 1


@pytest.mark.parametrize(
    ("errand", "may_commit", "recallable"), [(Read(), False, True), (Read(), True, False), (Look(), False, False)]
)
def test_only_what_reads_and_asks_for_no_commit_may_be_called_back(
    errand: Look, *, may_commit: bool, recallable: bool
) -> None:
    scope = Scope("run-1", P1, time.monotonic() + PATIENCE_S)
    demand = asked_by(scope, errand, (lambda _: 0.0) if may_commit else None)
    assert demand.recallable is recallable


@pytest.mark.parametrize(("done_s", "rest_s"), [(0.0, 40.0), (30.0, 15.0), (70.0, 1.0)])
def test_an_errand_tells_what_its_run_has_left_on_the_browser_and_when_it_fell_due(
    done_s: float, rest_s: float
) -> None:
    worked = {"browser": done_s, "database": 1000.0}
    scope = Scope("run-1", P1, time.monotonic() + PATIENCE_S, since=12.0, length=Span(20.0, 60.0), worked=worked)

    demand = asked_by(scope, Read())

    assert (demand.owner, demand.since, demand.expected_s, demand.remaining_s) == ("run-1", 12.0, 1.0, rest_s)


class Refusing(Address):
    """Keeps what it is told, and refuses it."""

    def tell(self, message: Request, band: Band = Band.P2) -> None:
        super().tell(message, band)
        message.reply.fail(ExpiredError("as told"))


def asked_by(scope: Scope, errand: Look, on_commit: Callable[[Any], float] | None = None) -> Any:
    """Return what a client demands of a front."""
    front = Refusing("browser")
    with pytest.raises(ExpiredError):
        BrowserClient(Caller(front, scope)).visit(errand, on_commit)
    (request,) = take(front, Request)
    return request.demand
