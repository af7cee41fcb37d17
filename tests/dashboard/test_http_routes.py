"""Who may ask for what: every path there is, with and without the token, the right name and the right method."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from actors.config import Secret
from actors.dashboard.routes import ROUTES, Asked, Gate
from actors.domain.freshness import LaneAge
from actors.domain.readiness import DEPENDENCIES
from tests.dashboard.conftest import HIDDEN, TOKEN, snapshot

if TYPE_CHECKING:
    from actors.dashboard.published import Published

OPEN = ("/livez", "/readyz", "/startz")


def ask(gate: Gate, target: str, *, at: float = 0.0, **more: object) -> int:
    asked = Asked(**{"method": "GET", "target": target, "host": "localhost:8080", **more})  # type: ignore[arg-type]
    return gate.answer(asked, at).status


def bearer(token: str = TOKEN) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_k7_the_table_of_routes_is_this_one_and_strangers_may_ask_for_three_of_them() -> None:
    assert sorted(ROUTES) == ["/freshness", "/livez", "/metrics", "/readyz", "/startz", "/status"]
    assert tuple(path for path, route in ROUTES.items() if route.is_open) == OPEN


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "get", "BREW"])
@pytest.mark.parametrize("path", [*ROUTES, "/post", "/force-post", "/restart-browser", "/admin/jobs/run"])
def test_k7_nothing_but_get_is_served_anywhere_even_with_the_token(gate: Gate, method: str, path: str) -> None:
    assert ask(gate, path, method=method, **bearer()) == 405


@pytest.mark.parametrize("path", sorted(set(ROUTES) - set(OPEN)))
def test_k7_everything_else_needs_the_token_and_there_is_no_default_one(gate: Gate, path: str) -> None:
    wrong = ["", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", TOKEN, "Bearer \udc80é"]
    assert [ask(gate, path, authorization=given) for given in wrong] == [401] * len(wrong)
    assert ask(gate, path, **bearer()) == 200
    off = replace(gate, token=None)
    assert [ask(off, path, authorization=given) for given in (*wrong, "Bearer None")] == [403] * (len(wrong) + 1)


@pytest.mark.parametrize("path", OPEN)
def test_the_first_three_are_for_everybody(gate: Gate, path: str) -> None:
    assert ask(gate, path) == ask(replace(gate, token=None), path, authorization="Bearer x") == 200


@pytest.mark.parametrize(
    ("host", "is_served"),
    [
        ("localhost", True),
        ("LOCALHOST:8080", True),
        ("127.0.0.1:1", True),
        ("[::1]:8080", True),
        ("healthcheck.railway.app", True),
        ("", False),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("healthcheck.railway.app.evil.example:80", False),
        ("[::2]", False),
    ],
)
@pytest.mark.parametrize("path", ["/livez", "/status"])
def test_k7_only_known_names_are_served_so_that_no_page_in_a_browser_reaches_us(
    gate: Gate, host: str, path: str, *, is_served: bool
) -> None:
    assert (ask(gate, path, host=host, **bearer()) == 200) is is_served
    assert is_served or ask(gate, path, host=host, **bearer()) == 421


def test_a_path_is_taken_as_it_stands_and_a_query_says_nothing(gate: Gate) -> None:
    assert ask(gate, f"/status?token={TOKEN}") == 401
    assert ask(gate, "/livez?x=1") == 200
    others = ["/", "/livez/", "/%6civez", "/../status", "//status", "http://localhost/status", "/LIVEZ", "*"]
    assert [ask(gate, path, **bearer()) for path in others] == [404] * len(others)


def test_pages_behind_the_token_are_made_at_most_ten_times_a_second(gate: Gate) -> None:
    assert [ask(gate, "/status", **bearer()) for _ in range(11)] == [200] * 10 + [429]
    assert ask(gate, "/readyz") == 200
    assert ask(gate, "/status", at=1.1, **bearer()) == 200


@pytest.mark.parametrize("down", DEPENDENCIES)
def test_k3_a_dependency_that_is_down_flips_readiness_and_nothing_else(
    gate: Gate, published: Published, down: str
) -> None:
    state = snapshot()
    state["fronts"][down]["breaker"] = "open"
    assert published.view is not None
    published.view = replace(published.view, snapshot=state)
    assert [ask(gate, path, **bearer()) for path in ROUTES] == [200 if path != "/readyz" else 503 for path in ROUTES]


@pytest.mark.parametrize("step", ["servers", "schema"])
def test_k2_a_start_that_is_not_complete_keeps_a_deployment_from_going_live_and_what_is_away_later_does_not(
    gate: Gate, published: Published, step: str
) -> None:
    state = snapshot()
    for down in DEPENDENCIES:
        state["fronts"][down]["breaker"] = "open"
    assert published.view is not None
    published.view = replace(published.view, snapshot=state)
    page = gate.answer(Asked("GET", "/startz", "localhost"), 0.0)
    assert (page.status, json.loads(page.body)["started"]) == (200, True)
    published.done = tuple(done for done in published.done if done != step)
    page = gate.answer(Asked("GET", "/startz", "localhost"), 0.0)
    body = json.loads(page.body)
    assert (page.status, body["started"], body["start"][step]) == (503, False, "awaited")


def test_k3_a_silent_lane_flips_freshness_and_nothing_else(gate: Gate, published: Published) -> None:
    assert published.view is not None
    stale = LaneAge(timedelta(hours=3), timedelta(hours=1))
    published.view = replace(published.view, lanes={**published.view.lanes, "reply": stale})
    assert [ask(gate, path, **bearer()) for path in ROUTES] == [200 if path != "/freshness" else 503 for path in ROUTES]
    page = gate.answer(Asked("GET", "/freshness", "localhost", f"Bearer {TOKEN}"), 0.0)
    lanes = json.loads(page.body)["lanes"]
    assert (lanes["reply"]["stale"], lanes["content"]["stale"]) == (True, False)


def test_k3_a_board_that_fell_silent_flips_readiness_and_status_still_shows_what_it_said_last(
    gate: Gate, published: Published
) -> None:
    assert published.view is not None
    published.view = replace(published.view, at=published.view.at - 60)
    page = gate.answer(Asked("GET", "/readyz", "localhost"), 0.0)
    assert (page.status, "board: silent" in page.body.decode()) == (503, True)
    assert ask(gate, "/status", **bearer()) == ask(gate, "/livez") == 200


def test_what_strangers_read_names_our_own_parts_and_nothing_of_their_trouble(gate: Gate, published: Published) -> None:
    state = snapshot()
    state["fronts"]["browser"].update(breaker="open", condition="challenge")
    state["actors"]["database"] = {"state": "exited", "reason": "postgres-password-1"}
    assert published.view is not None
    published.view = replace(published.view, snapshot=state, unanswered=frozenset({"redis"}))
    body = json.loads(gate.answer(Asked("GET", "/readyz", "localhost"), 0.0).body)
    assert body["reasons"] == ["database: its actor is down", "redis: no answer", "browser: its breaker is open"]
    assert set(body) == {"ready", "reasons", "start"}


def test_requests_are_counted_by_route_and_answer_and_never_by_what_a_stranger_wrote(
    gate: Gate, published: Published
) -> None:
    for path in ("/livez", "/livez", "/wp-admin", "/.env"):
        ask(gate, path)
    assert published.counts() == {("request", "/livez", "200"): 2, ("request", "other", "404"): 2}


def test_k8_status_is_written_as_the_log_is_and_its_sentences_are_whole(gate: Gate, published: Published) -> None:
    assert published.view is not None
    state = {**snapshot(), "password": "hunter2", "waiting": {"plan": f"after {HIDDEN}\u202e"}}
    published.view = replace(published.view, status={**state, "text": "a job waits; " * 300})
    body = json.loads(gate.answer(Asked("GET", "/status", "localhost", f"Bearer {TOKEN}"), 0.0).body)
    assert (body["schedule_time"], body["password"]) == ("2026-03-01T12:00:00.000Z", "***")
    assert body["waiting"] == {"plan": "after ***\\u202e"}
    assert body["text"] == "a job waits; " * 300


def test_a_token_is_a_secret_of_the_house(gate: Gate) -> None:
    assert TOKEN not in repr(gate)
    assert gate.token == Secret(TOKEN)
