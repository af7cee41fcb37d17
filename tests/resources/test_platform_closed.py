"""Walls and the slots behind them: what one errand meets on the site decides for all, with real Chromium."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from actors.config import Config
from actors.domain.platform_state import Platform, PlatformRules, PlatformState, Sign, Ticket
from actors.domain.priority import Priority
from actors.errors import (
    ChallengeError,
    CircuitOpenError,
    LoggedOutError,
    NotFoundError,
    PlatformClosedError,
    RateLimitedError,
    ResourceDiedError,
)
from actors.messages import Request
from actors.pages.session import ProbeSession
from actors.pages.timeline import ReadOwnTimeline
from actors.pages.visit import Visit
from actors.pages.wall import SessionState, Wall, refuse_walls
from actors.resources import platform_watch
from actors.resources.browser import Browser, Probe
from actors.resources.browser_worker import BrowserWorker
from actors.resources.plans import plan_fronts
from actors.resources.platform_watch import PlatformWatch
from tests.pages.fixture_site import NOW, FixtureSite, card, post_id
from tests.resources.browser_stage import Look, Meet, client, overlook_others, settings
from tests.stage import PATIENCE_S, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.async_api import Page

    from actors.pages.errand import Desk
    from tests.stage import Stage

HOURS = PlatformRules(cooldown_min=3600.0, cooldown_max=36000.0, challenge_stop=36000.0)
"""Nothing here ever lasts so long; `later` makes it pass."""


@dataclass(frozen=True, slots=True)
class Read(Look):
    """Read a public page, walls refused; `entered` and `release` hold it on its way to the site."""

    entered: Any = None
    release: Any = None

    async def perform(self, page: Page, desk: Desk) -> str:
        if self.entered is not None:
            self.entered.set()
            assert await asyncio.to_thread(self.release.wait, PATIENCE_S)
        visit = await Visit.open(page, desk.site, self.path)
        refuse_walls(visit.session, visit.where)
        return "read"


@dataclass(frozen=True, slots=True)
class Publish(Look):
    """Ask for permission, then have one post created."""

    needs_login: ClassVar[bool] = True

    async def perform(self, page: Page, desk: Desk) -> str:
        await page.goto(desk.site + "/home", wait_until="domcontentloaded")
        await desk.commit({})
        await page.evaluate("""fetch("/create", {method: "POST", body: '{"variables": {"tweet_text": "ours"}}'})""")
        return "published"


@dataclass(frozen=True, slots=True)
class Gone(Look):
    """Find nothing where a post was."""

    needs_login: ClassVar[bool] = True

    async def perform(self, page: Page, desk: Desk) -> str:
        raise NotFoundError("the post is gone")


POST = card(post_id(1), "one of ours")
OURS = ReadOwnTimeline("us", NOW)
MANY = [(errand, priority) for errand in (Read(), OURS) for priority in Priority]


@pytest.fixture(autouse=True)
def _overlook_others() -> None:
    overlook_others()


@pytest.fixture
def site() -> Iterator[FixtureSite]:
    site = FixtureSite()
    for path in ("/us", "/home"):
        site.show(path, POST)
    yield site
    site.close()


@pytest.fixture
def platform() -> Platform:
    return Platform(HOURS)


@pytest.fixture
def browser(stage: Stage, site: FixtureSite, tmp_path: Path, platform: Platform) -> Browser:
    browser = Browser(stage.loop, settings(site.url, tmp_path), platform)
    stage.front(browser, 3)
    return browser


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let so many seconds pass for the platform's state at once."""
    ahead = [0.0]
    clock = SimpleNamespace(time=time.time, monotonic=lambda: time.monotonic() + ahead[0])
    monkeypatch.setattr(platform_watch, "time", clock)

    def later(seconds: float) -> None:
        ahead[0] += seconds

    return later


def challenge(site: FixtureSite, path: str = "/us") -> None:
    """Let a page turn out to be a challenge."""
    site.show(path, script="history.replaceState(null, '', '/account/access')")


def refusals(stage: Stage, *, but_p0: bool = False) -> list[tuple[str, float]]:
    """Send errands of every kind and priority at once, all of which must be refused; return (state, until)."""
    many = [each for each in MANY if not but_p0 or each[1] is not Priority.P0]
    sent = [Outcome(lambda each=each: client(stage, each[1]).visit(each[0])) for each in many]  # type: ignore[misc]
    errors = [outcome.error() for outcome in sent]
    assert [type(error) for error in errors] == [PlatformClosedError] * len(many)
    return [(error.state, error.until) for error in errors if isinstance(error, PlatformClosedError)]


def told(caplog: pytest.LogCaptureFixture, action: str) -> list[tuple[str, str]]:
    """Return (level, state or nothing) of each line with this action."""
    lines = [record for record in caplog.records if getattr(record, "action", "") == action]
    return [(line.levelname, str(getattr(line, "state", ""))) for line in lines]


@pytest.mark.usefixtures("browser")
def test_e4_a_429_silences_every_slot_until_one_probe_finds_the_site_open(
    stage: Stage, site: FixtureSite, later: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    site.statuses["/us"] = 429
    with pytest.raises(RateLimitedError):
        client(stage).visit(Read())
    asked = len(site.asked)
    site.statuses.clear()

    stopped = refusals(stage)
    later(3500)
    assert {state for state, _ in stopped + refusals(stage)} == {"cooling"}
    assert all(3500 < until - time.time() < 3700 for _, until in stopped)
    assert len(site.asked) == asked, "the site was asked meanwhile"
    assert stage.state("browser").condition == "cooling"

    later(200)
    entered, release = threading.Event(), threading.Event()
    probe = Outcome(lambda: client(stage).visit(Read(entered=entered, release=release)))
    assert entered.wait(PATIENCE_S)
    refusals(stage, but_p0=True)
    assert len(site.asked) == asked, "more than the probe went to the site"
    release.set()
    assert probe.get() == "read"

    met = threading.Barrier(3)
    assert [each.get() for each in [Outcome(lambda: client(stage).visit(Meet(barrier=met))) for _ in range(3)]] == [
        2
    ] * 3
    assert client(stage).visit(OURS).reached_back
    assert told(caplog, "platform_state") == [("WARNING", "cooling"), ("INFO", "valid")]
    assert stage.state("browser").condition == "valid"


@pytest.mark.usefixtures("browser")
def test_e4_a_challenge_stops_everything_and_calls_a_person_each_time_it_is_met(
    stage: Stage, site: FixtureSite, later: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    challenge(site)
    for times in (1, 2):
        asked = len(site.asked)
        with pytest.raises(ChallengeError):
            client(stage).visit(Read())
        assert len(site.asked) == asked + 1
        assert {state for state, _ in refusals(stage)} == {"challenge"}
        assert len(site.asked) == asked + 1, "the site was asked meanwhile"
        assert told(caplog, "platform_challenge") == [("ERROR", "")] * times
        assert told(caplog, "platform_state") == [("ERROR", "challenge")] * times
        later(36001)

    site.show("/us")
    assert client(stage).visit(Read()) == "read"
    assert told(caplog, "platform_state")[-1] == ("INFO", "valid")


@pytest.mark.usefixtures("browser")
def test_e1_two_login_walls_in_a_row_are_certain_and_the_next_errand_never_leaves_the_house(
    stage: Stage, site: FixtureSite, later: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    site.show("/us", account=None)
    for _ in range(2):
        with pytest.raises(LoggedOutError):
            client(stage).visit(OURS)
    asked = len(site.asked)

    with pytest.raises(PlatformClosedError, match=r"invalid until .*: not logged in on /us"):
        client(stage, Priority.P0).visit(OURS)

    assert len(site.asked) == asked
    assert told(caplog, "platform_state") == [("WARNING", "suspect"), ("ERROR", "invalid")]
    assert told(caplog, "platform_invalid") == [("ERROR", "")]
    later(3601)
    site.show("/us", POST)
    assert client(stage).visit(OURS).reached_back
    assert told(caplog, "platform_state")[-1] == ("INFO", "valid")


@pytest.mark.usefixtures("browser")
def test_e6_public_pages_are_read_while_the_login_is_lost(
    stage: Stage, site: FixtureSite, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    site.show("/us", account="them")
    with pytest.raises(LoggedOutError, match="them instead of us"):
        client(stage).visit(OURS)
    assert told(caplog, "platform_state") == [("ERROR", "invalid")]

    for priority in Priority:
        assert client(stage, priority).visit(Read()) == "read"
        with pytest.raises(PlatformClosedError):
            client(stage, priority).visit(OURS)


@pytest.mark.parametrize(("account", "state"), [(None, "suspect"), ("them", "invalid"), ("Us", "valid")])
def test_e1_a_look_at_the_session_counts_though_a_wall_is_its_answer(
    stage: Stage, site: FixtureSite, browser: Browser, account: str | None, state: str
) -> None:
    site.show("/home", account=account)

    answer = client(stage).visit(ProbeSession())

    assert answer == SessionState(Wall.LOGGED_IN if account else Wall.LOGGED_OUT, account)
    assert browser.platform.state == state


@pytest.mark.usefixtures("browser")
def test_a5_a_gone_post_and_a_browser_that_failed_say_nothing_of_the_platform(stage: Stage, browser: Browser) -> None:
    for errand, error in ((Gone(), NotFoundError), (Look("missing.property"), ResourceDiedError)) * 2:
        with pytest.raises(error):
            client(stage).visit(errand)

    assert browser.platform.state == "valid"
    assert client(stage).visit(OURS).reached_back


def test_e4_a_refused_errand_launches_no_browser(stage: Stage, browser: Browser, platform: Platform) -> None:
    close(platform, Sign.CHALLENGED)

    refusals(stage)

    assert browser.launches == 0


def test_a5_a_refusal_is_no_answer_of_the_browser_and_leaves_the_breaker_counting(
    stage: Stage, site: FixtureSite, tmp_path: Path, platform: Platform
) -> None:
    broken = settings(site.url, tmp_path, executable=str(tmp_path / "missing"))
    stage.front(Browser(stage.loop, broken, platform), 1, breaker_threshold=2, breaker_open_min=60.0)
    close(platform, Sign.FOREIGN)

    errors = [type(Outcome(lambda e=e: client(stage).visit(e)).error()) for e in (Look(), OURS, Look(), Look())]  # type: ignore[misc]

    assert errors == [ResourceDiedError, PlatformClosedError, ResourceDiedError, CircuitOpenError]


def test_e4_the_breakers_probe_is_no_errand_on_the_site(stage: Stage, browser: Browser, platform: Platform) -> None:
    close(platform, Sign.CHALLENGED)
    worker: Any = BrowserWorker(browser)
    reply: Any = None

    stage.loop.call(worker.perform(Request("probe", Probe(), Priority.P0, 0.0, 10.0, reply)), PATIENCE_S)
    stage.loop.call(worker.close(), PATIENCE_S)

    assert browser.launches == 1
    assert browser.platform.state == "challenge"


@pytest.mark.usefixtures("browser")
def test_e4_a_wall_that_another_slot_meets_cuts_no_publication(stage: Stage, site: FixtureSite) -> None:
    challenge(site)

    def grant(_: Any) -> float:
        with pytest.raises(ChallengeError):
            client(stage).visit(Read())
        refusals(stage)
        return 0.0

    assert client(stage).visit(Publish(), grant) == "published"
    assert site.created == ["ours"]


def test_e4_a_probe_that_is_called_back_leaves_its_place_to_the_next(stage: Stage, platform: Platform) -> None:
    close(platform, Sign.RATE_LIMITED, ago=5000.0)
    watch = PlatformWatch(platform, "us")
    started = threading.Event()

    async def forever() -> Any:
        started.set()
        await asyncio.Event().wait()

    async def called_back() -> None:
        ticket = watch.admit(needs_login=False, is_urgent=False)
        assert ticket.is_probe
        task = asyncio.create_task(watch.follow(ticket, forever()))
        assert await asyncio.to_thread(started.wait, PATIENCE_S)
        with pytest.raises(PlatformClosedError):
            watch.admit(needs_login=False, is_urgent=False)
        task.cancel()
        await asyncio.wait({task}, timeout=PATIENCE_S)
        assert task.cancelled()

    stage.loop.call(called_back(), PATIENCE_S)

    assert watch.admit(needs_login=False, is_urgent=False).is_probe


def test_e4_a_new_browser_knows_what_the_last_one_met_and_hears_nothing_more_of_it(
    stage: Stage, site: FixtureSite, tmp_path: Path, platform: Platform
) -> None:
    lost, successor = (Browser(stage.loop, settings(site.url, tmp_path), platform) for _ in range(2))
    early = lost.platform.admit(needs_login=True, is_urgent=False)
    close(platform, Sign.RATE_LIMITED)
    assert [lost.platform.state, successor.platform.state] == ["cooling", "cooling"]

    async def meet() -> Any:
        raise ChallengeError("met on a loop that is lost")

    lost.abandon()
    with pytest.raises(ChallengeError):
        stage.loop.call(lost.platform.follow(early, meet()), PATIENCE_S)

    assert [lost.platform.state, successor.platform.state] == ["challenge", "cooling"]


def test_e4_the_configured_waits_are_schedule_time_and_every_life_of_the_browser_shares_one_state() -> None:
    loop: Any = SimpleNamespace(thread=None)
    world: Any = SimpleNamespace(
        chromium=None, site="", login=None, browser_environment={}, database_url="", redis_url=""
    )
    plans = plan_fronts(Config(), world, loop, 60.0, lambda: None)  # type: ignore[arg-type,return-value]
    (make,) = [plan.make for plan in plans if plan.name == "browser"]
    lives: Any = [make(), make()]

    first, second = (browser.platform for browser in lives)
    ticket = first.admit(needs_login=False, is_urgent=False)
    first._machine.settle(ticket, Sign.RATE_LIMITED, "", 100.0)

    assert second._machine.standing.until == 102.0
    rules = second._machine.rules
    assert (rules.cooldown_min, rules.cooldown_max, rules.challenge_stop) == (2.0, 120.0, 360.0)


def close(platform: Platform, sign: Sign, ago: float = 0.0) -> None:
    """Let a wall have been met so many seconds ago."""
    at = time.monotonic() - ago
    ticket = platform.admit(at, needs_login=True)
    assert isinstance(ticket, Ticket)
    platform.settle(ticket, sign, "why", at)
    assert platform.standing.state is not PlatformState.VALID
