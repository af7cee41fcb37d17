"""What is taken for a login session, and what is told of it."""

from __future__ import annotations

import ast
import base64
import random
import re
import uuid
from datetime import UTC, datetime, timedelta
from string import ascii_letters, ascii_lowercase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.session import accept, expired, facts, values
from actors.errors import ConfigError
from actors.sandbox.session import storage_state
from tests.test_house_rules import ROOT, SOURCES, name_of, tree_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOST = "social.example"
TELLERS = ("actors/dashboard/metrics.py", "actors/runtime/board.py", "actors/domain/state_change.py")
"""Whose names the log, `/status` and `/metrics` have, beside the jobs'."""
NAME = re.compile(r"[a-z]+(_[a-z0-9]+)*")


def cookie(name: str = "auth_token", domain: str = HOST, expires: float = -1, **changes: Any) -> dict[str, Any]:
    return {"name": name, "value": "v-secret-v", "domain": domain, "path": "/", "expires": expires, **changes}


def state(*cookies: dict[str, Any], origins: Any = ()) -> dict[str, Any]:
    return {"cookies": list(cookies), "origins": list(origins)}


def refusal(document: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        accept(document, HOST, NOW)
    assert "v-secret-v" not in str(caught.value)
    return str(caught.value)


def test_the_session_that_the_sandbox_hands_out_is_taken_as_it_is() -> None:
    assert accept(storage_state("127.0.0.1"), "127.0.0.1", NOW) == storage_state("127.0.0.1")


@pytest.mark.parametrize(
    "document",
    [
        *(None, [], "text", 7, {}, {"cookies": {}}, {"cookies": []}, {"cookies": [7]}, {"cookies": [{}]}),
        state({**cookie(), "value": 5}),
        state(cookie(expires=True)),
        state(cookie(expires=float("nan"))),
        state(cookie(expires=-2)),
        state(cookie(sameSite="Often")),
        state(cookie(domain=".")),
        state(cookie(httpOnly="yes")),
        {"cookies": [cookie()], "origins": "none"},
        state(cookie(), origins=[{"origin": f"https://{HOST}", "localStorage": [{"name": "a", "value": 1}]}]),
        state(*[cookie()] * 201),
    ],
)
def test_what_is_no_storage_state_is_refused_with_what_is_wrong(document: Any) -> None:
    assert any(word in refusal(document) for word in ("no storage state", "nobody is logged in", "no login"))


@pytest.mark.parametrize("domain", [HOST, "." + HOST, ".example", "api.social.example", "SOCIAL.example"])
def test_e3_cookies_that_are_sent_to_the_site_are_taken(domain: str) -> None:
    is_above = domain == ".example"
    if is_above:
        assert "not of social.example" in refusal(state(cookie(domain=domain)))
    else:
        assert accept(state(cookie(domain=domain)), HOST, NOW)["cookies"][0]["domain"] == domain


@pytest.mark.parametrize(
    "domain", ["other.example", "social.example.evil.test", "notsocial.example", ".cial.example", "example"]
)
def test_e2_cookies_of_another_host_are_refused_by_name(domain: str) -> None:
    told = refusal(state(cookie(), cookie("tracker", domain)))
    assert f"tracker of {domain}" in told
    assert "auth_token" not in told


def test_e2_storage_of_another_host_is_refused() -> None:
    foreign = {"origin": "https://other.example", "localStorage": []}
    ours = {"origin": f"https://{HOST}:8443", "localStorage": [{"name": "a", "value": "b"}]}
    assert "the storage of https://other.example" in refusal(state(cookie(), origins=[ours, foreign]))
    assert accept(state(cookie(), origins=[ours]), HOST, NOW)["origins"] == [ours]


def test_e3_a_cookie_that_has_expired_is_refused_with_its_end() -> None:
    late = (NOW - timedelta(seconds=1)).timestamp()
    assert "expired: auth_token (2026-03-01 11:59)" in refusal(state(cookie("ct0"), cookie(expires=late)))
    soon = accept(state(cookie(expires=NOW.timestamp() + 1)), HOST, NOW)
    assert expired(soon, NOW) == []
    assert [fact.name for fact in expired(soon, NOW + timedelta(seconds=1))] == ["auth_token"]


def test_what_is_told_of_a_session_has_names_and_ends_and_no_value() -> None:
    storage = {"origin": f"https://{HOST}", "localStorage": [{"name": "k", "value": "storage-secret"}]}
    taken = accept(state(cookie(), cookie("ct0", expires=NOW.timestamp() + 60), origins=[storage]), HOST, NOW)
    assert [(fact.name, fact.expires) for fact in facts(taken)] == [
        ("auth_token", None),
        ("ct0", NOW + timedelta(minutes=1)),
    ]
    assert "secret" not in repr(facts(taken))


def hidden(value: str, *, http_only: bool) -> bool:
    """Return whether a value is blacked out, the same in a cookie and, if scripts may read it, in the storage."""
    storage = {"origin": f"https://{HOST}", "localStorage": [{"name": "k", "value": value}]}
    taken = accept(state({**cookie(httpOnly=http_only), "value": value}, origins=[storage]), HOST, NOW)
    found = list(values(taken))
    assert http_only or found in ([], [value, value])
    return value in found


def drawn_keys() -> list[str]:
    """Return keys as sites make them: at least 64 bits, drawn, in the usual writings."""
    rng = random.Random(8)
    keys = []
    for _ in range(500):
        raw = rng.randbytes(16)
        keys += [raw.hex(), str(uuid.UUID(bytes=raw)), base64.b64encode(raw).decode(), base64.b32encode(raw).decode()]
        keys += [base64.urlsafe_b64encode(raw).decode().rstrip("="), f"v1%3A{raw.hex()}"]
        keys += ["".join(rng.choices(alphabet, k=16)) for alphabet in (ascii_lowercase, ascii_letters)]
    return keys


@pytest.mark.parametrize("http_only", [True, False])
def test_k8_a_key_that_was_drawn_is_blacked_out_whoever_may_read_it(*, http_only: bool) -> None:
    token = storage_state("127.0.0.1")["cookies"]

    keys = [*drawn_keys(), *(each["value"] for each in token)]
    assert [key for key in keys if not hidden(key, http_only=http_only)] == []


@pytest.mark.parametrize("value", ["7731904462", "hunter42x", "a8Kd92mQ", "correcthorsebatterystaple"])
def test_k8_what_the_site_hides_from_scripts_is_blacked_out_however_short_it_is(value: str) -> None:
    assert hidden(value, http_only=True)


@pytest.mark.parametrize(
    "value",
    [
        *("content", "system", "default", "en-US", "Europe/Berlin", "dark_mode", '{"theme":"dark"}', "v2.14.3"),
        *("https://social.example/home", "http://127.0.0.1:8700", "2026-03-01", "12:30"),
    ],
)
@pytest.mark.parametrize("http_only", [True, False])
def test_k8_what_people_write_is_no_key_though_a_session_holds_it(value: str, *, http_only: bool) -> None:
    assert not hidden(value, http_only=http_only)


def test_k8_no_action_job_section_metric_or_module_can_be_blacked_out_by_a_session() -> None:
    tellers = [path for path in SOURCES if name_of(path) in TELLERS or "/jobs/" in name_of(path)]
    names = {
        node.value
        for path in tellers
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value)
    }
    names |= {f"supervisor_{word}" for word in names} | {f"supervisor_{word}_total" for word in names}
    names |= set(re.findall(r"`([a-z0-9_]+)`", (ROOT / "docs" / "log.md").read_text()))
    names |= {name_of(path).removesuffix(".py").replace("/", ".") for path in SOURCES}
    assert {"heartbeat", "next_due", "tweet_reconciliation", "supervisor_job_missed_slots_total"} <= names

    cookies = [{"value": word, "httpOnly": True} for word in sorted(names)]
    assert list(values({"cookies": cookies, "origins": []})) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["cookies", "origins", "name", "value", "domain", "expires"]), inner)
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_whatever_a_file_holds_it_is_taken_or_refused(cookies: Any, origins: Any) -> None:
    try:
        taken = accept({"cookies": cookies, "origins": origins}, HOST, NOW)
    except ConfigError:
        return
    assert taken["cookies"]
