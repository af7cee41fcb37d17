"""The login: sealed at rest, opened by its key alone, used by the browser, and never told."""

from __future__ import annotations

import base64
import io
import logging
from typing import TYPE_CHECKING, Any

import pytest

from actors import log
from actors.config import LogSettings, Secret
from actors.domain.redaction import Redaction
from actors.errors import ConfigError, PermanentError, PlatformClosedError
from actors.resources.browser import Browser, Probe
from actors.resources.envelope import Place, key_id, seal, unseal
from actors.resources.login import Login
from actors.sandbox.session import DEV_TOKEN, storage_state
from tests.fakes import LedgerDoor
from tests.log_lines import lines_of, text_of
from tests.pages.fixture_site import FixtureSite
from tests.resources.browser_stage import PAGE, Look, client, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.stage import Stage

KEY, OTHER = (Secret(base64.b64encode(bytes([n]) * 32).decode()) for n in (1, 2))
PLACE = Place("127.0.0.1", "us", 1)
STATE = storage_state("127.0.0.1")
REDACTION = Redaction()


def imported(door: LedgerDoor, state: dict[str, Any], version: int = 1, key: Secret = KEY) -> None:
    sealed = seal(state, key, Place("127.0.0.1", "us", version))
    door.run(
        "store_session",
        expect=1,
        site="127.0.0.1",
        account="us",
        before=version - 1,
        key_id=key_id(key),
        sealed=sealed,
    )


def login(key: Secret | None = KEY, handed: dict[str, Any] | None = None) -> Login:
    return Login(handed, site="http://127.0.0.1:4711", account="us", key=key, hide=REDACTION.learn)


@pytest.fixture
def door(database_url: str) -> Iterator[LedgerDoor]:
    door = LedgerDoor(database_url, 1)
    yield door
    door.close()


@pytest.fixture
def written(logging_as_before: None) -> io.StringIO:
    """Return what the real log writes."""
    stream = io.StringIO()
    log.setup(LogSettings(format="json"), stream, REDACTION)
    return stream


def test_a_sealed_session_opens_with_its_key_and_shows_nothing_without() -> None:
    sealed = seal(STATE, KEY, PLACE)
    assert unseal(sealed, KEY, PLACE) == STATE
    assert DEV_TOKEN.encode() not in sealed
    assert seal(STATE, KEY, PLACE) != sealed, "a nonce was used twice"


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (OTHER, PLACE),
        (KEY, Place("127.0.0.1", "us", 2)),
        (KEY, Place("127.0.0.1", "them", 1)),
        (KEY, Place("other", "us", 1)),
    ],
)
def test_a_sealed_session_opens_with_no_other_key_and_in_no_other_place(key: Secret, place: Place) -> None:
    with pytest.raises(PermanentError, match="SESSION_KEY"):
        unseal(seal(STATE, KEY, PLACE), key, place)


@pytest.mark.parametrize("at", [0, 11, 12, 40, -1])
def test_a_sealed_session_that_was_changed_does_not_open(at: int) -> None:
    changed = bytearray(seal(STATE, KEY, PLACE))
    changed[at] ^= 1
    with pytest.raises(PermanentError):
        unseal(bytes(changed), KEY, PLACE)


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(bytes(31)).decode(), "ä" * 44])
def test_a_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="SESSION_KEY is no base64 of 32 bytes"):
        key_id(Secret(text))


def test_of_two_imports_at_the_same_moment_one_is_refused(door: LedgerDoor) -> None:
    row = {"site": "127.0.0.1", "account": "us", "key_id": "k", "sealed": b"x" * 40}
    assert [door.all("store_session", **row, before=before) for before in (0, 0, 1, 1, 5)] == [
        [{"version": 1}],
        [],
        [{"version": 2}],
        [],
        [],
    ]


def test_an_imported_session_takes_the_place_of_what_was_handed_out(door: LedgerDoor) -> None:
    handed = {"cookies": [], "origins": []}
    used = login(handed=handed)
    used.refresh(door)
    assert used.held() == (0, handed)
    imported(door, STATE)
    used.refresh(door)
    assert used.held() == (1, STATE)
    newer = {**STATE, "cookies": STATE["cookies"][:1]}
    imported(door, newer, 2)
    used.refresh(door)
    assert used.held() == (2, newer)


@pytest.mark.parametrize("key", [None, OTHER])
def test_without_the_key_of_its_import_the_session_is_left_alone_and_that_is_told_once(
    door: LedgerDoor, key: Secret | None, written: io.StringIO
) -> None:
    imported(door, STATE)
    used = login(key)
    for _ in range(3):
        used.refresh(door)
    assert used.held() == (0, None)
    lines = lines_of(written)
    assert [line["action"] for line in lines] == ["session_locked"]
    assert "SESSION_KEY" in lines[0]["data"]


def test_k8_no_value_of_a_session_is_in_a_line_of_the_log_or_in_what_prints_it(
    door: LedgerDoor, written: io.StringIO, tmp_path: Path
) -> None:
    imported(door, STATE)
    used = login()
    used.refresh(door)
    logging.getLogger("actors.test").error("somebody says %s", DEV_TOKEN, extra={"action": "slip", "data": STATE})
    assert "session_loaded" in text_of(written)
    assert '"slip"' in text_of(written)
    assert DEV_TOKEN not in text_of(written)
    assert DEV_TOKEN not in f"{used} {settings('http://127.0.0.1:1', tmp_path, session=used)}"


def test_k8_the_words_that_an_imported_session_holds_stay_in_the_log(door: LedgerDoor, written: io.StringIO) -> None:
    words = ("content", "browser", "posted", "heartbeat")
    cookies = [{**STATE["cookies"][1], "name": word, "value": word, "httpOnly": True} for word in words]
    storage = {"origin": "http://127.0.0.1:4711", "localStorage": [{"name": word, "value": word} for word in words]}
    imported(door, {"cookies": [*STATE["cookies"], *cookies], "origins": [storage]})
    login().refresh(door)

    told = {"fronts": {"browser": {}}, "families": {"content": {}}, "data": f"posted with {DEV_TOKEN}"}
    logging.getLogger("actors.test").info("heartbeat", extra={"action": "heartbeat", "state": told})

    line = lines_of(written)[-1]
    assert (line["action"], line["message"]) == ("heartbeat", "heartbeat")
    assert line["state"] == {**told, "data": "posted with ***"}


def test_e3_a_cookie_that_ended_since_its_import_is_named_and_left_out(door: LedgerDoor, written: io.StringIO) -> None:
    first, second = STATE["cookies"]
    imported(door, {**STATE, "cookies": [{**first, "expires": 1.0}, second]})
    used = login()
    used.refresh(door)
    assert used.held()[1] == {**STATE, "cookies": [second]}
    lines = lines_of(written)
    told = [(line["action"], line["level"]) for line in lines]
    assert told == [("session_expired", "warn"), ("session_loaded", "info")]
    assert lines[0]["data"] == first["name"]


def test_d6_a_site_that_is_awaited_gets_no_errand_and_its_session_is_in_the_first_one_s_context(
    stage: Stage, tmp_path: Path
) -> None:
    site, used = FixtureSite(), Login(is_awaited=True)
    site.pages[PAGE] = "<!doctype html><title>A page</title>"
    stage.front(browser := Browser(stage.loop, settings(site.url, tmp_path, session=used)), 1)
    try:
        with pytest.raises(PlatformClosedError, match="PLATFORM_URL"):
            client(stage).visit(Look("document.cookie"))
        assert (site.asked, browser.launches, browser.condition()) == ([], 0, "awaited")
        # What asks the browser alone is served, and its context has no session to go on with.
        assert client(stage).caller.call(Probe(), 20.0) is None
        used.hand(STATE)
        assert client(stage).visit(Look("document.cookie")) == f"ct0={DEV_TOKEN[::-1]}"
        assert browser.condition() == "valid"
    finally:
        site.close()


def test_e2_a_newer_session_is_in_the_next_errand_s_context(stage: Stage, door: LedgerDoor, tmp_path: Path) -> None:
    site = FixtureSite()
    site.pages[PAGE] = "<!doctype html><title>A page</title>"
    used = Login(STATE, site=site.url, account="us", key=KEY)
    stage.front(Browser(stage.loop, settings(site.url, tmp_path, session=used)), 1)
    try:
        assert client(stage).visit(Look("document.cookie")) == f"ct0={DEV_TOKEN[::-1]}"
        imported(door, {**STATE, "cookies": [{**STATE["cookies"][1], "value": "newer"}]})
        used.refresh(door)
        assert client(stage).visit(Look("document.cookie")) == "ct0=newer"
    finally:
        site.close()
