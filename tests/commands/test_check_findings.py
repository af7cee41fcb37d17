"""What `check` finds of Redis, of who is called, and of the end, each asked alone."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis

from actors.commands import check
from actors.commands.check_operation import alerts, caps, end
from actors.commands.check_redis import redis_standing
from actors.commands.loading import CONFIG_FILE
from actors.config import load
from actors.control.channel import CHANNEL, REPLIES, STREAM
from actors.errors import AppError
from actors.resources.redis_trouble import remedy_of_refusal
from tests.resources.scripted_endpoint import ScriptedEndpoint, failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from actors.commands.check_operation import Advice
    from actors.config import Config

ROOT = Path(__file__).parents[2]
ALL = ("on", ">pass", "~*", "&*", "+@all")


def config(**environment: str) -> Config:
    return load(CONFIG_FILE, environment)


def trouble(look: Callable[[Config], Advice | str], **environment: str) -> AppError:
    with pytest.raises(AppError) as caught:
        look(config(**environment))
    return caught.value


@pytest.fixture
def user(valkey_url: str) -> Iterator[Callable[..., str]]:
    """Return a maker of the URL of a user with these rights."""
    with closing(redis.Redis.from_url(valkey_url)) as client:

        def make(*rights: str) -> str:
            client.execute_command("ACL", "SETUSER", "guest", "reset", *rights)
            return valkey_url.replace("redis://", "redis://guest:pass@")

        yield make
        client.execute_command("ACL", "DELUSER", "guest")


@pytest.fixture
def plain_server() -> Iterator[str]:
    """Yield where somebody listens who hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_check_says_of_each_trouble_with_redis_what_to_do_about_it(user: Callable[..., str], valkey_url: str) -> None:
    wrong = user(*ALL).replace(":pass@", ":no-pass@")
    hints = {
        wrong: "check user and password",
        "redis://127.0.0.1:1/0": "nobody listens there",
        "redis://no-such-host.invalid:6379/0": "check the host's name",
        valkey_url.removesuffix("/0") + "/99": "check the database's number",
    }
    for url, hint in hints.items():
        assert hint in trouble(redis_standing, REDIS_URL=url).hint
    assert "no-pass" not in str(trouble(redis_standing, REDIS_URL=wrong))


def test_check_says_if_a_lane_uses_its_day_up_and_then_stands_still() -> None:
    assert caps(config()).hint == ""
    closed = {f"SUPERVISOR_PUBLISHING_REPLIES_PER_{span}": "0" for span in ("HOUR", "DAY")}
    told = caps(config(SUPERVISOR_PUBLISHING_SPACING="20m", **closed))
    assert told.found == "content: 48 a day, 20m apart; reply: 0 a day, 24m apart"
    assert told.hint == "content may stand still for 8h of each day: set publishing.spacing to 30m"
    by_hours = caps(config(SUPERVISOR_PUBLISHING_REPLY_SPACING="0s", SUPERVISOR_PUBLISHING_REPLIES_PER_HOUR="6"))
    assert by_hours.hint == "reply may stand still for 14h of each day: set publishing.reply_spacing to 24m"


@pytest.mark.parametrize(("right", "word"), [("-publish", "PUBLISH"), ("resetchannels", "SUBSCRIBE")])
def test_k7_check_refuses_a_redis_that_takes_no_words_or_gives_no_answers(
    user: Callable[..., str], right: str, word: str
) -> None:
    error = trouble(redis_standing, REDIS_URL=user(*ALL, right))
    assert word in error.message
    assert "ACL SETUSER" in error.hint


def test_k7_check_refuses_a_redis_that_keeps_no_nonce_if_words_are_signed(user: Callable[..., str]) -> None:
    url = user(*ALL, "-set")
    assert "SET" in trouble(redis_standing, REDIS_URL=url, CONTROL_KEY="k" * 32).message
    assert redis_standing(config(REDIS_URL=url)).hint == ""


def test_check_advises_where_redis_does_not_keep_words_and_leaves_nothing_behind(
    user: Callable[..., str], valkey_url: str
) -> None:
    with closing(redis.Redis.from_url(valkey_url)) as client, closing(client.pubsub()) as ear:
        ear.subscribe(CHANNEL, REPLIES)
        heard: list[Any] = [ear.get_message(timeout=5) for _ in range(2)]
        client.delete(STREAM)

        lacking = redis_standing(config(REDIS_URL=user(*ALL, "-xadd")))
        whole = redis_standing(config(REDIS_URL=user(*ALL)))

        assert "XADD" in lacking.found
        assert "ACL SETUSER" in lacking.hint
        assert whole.hint == ""
        assert [message["type"] for message in heard] == ["subscribe"] * 2
        assert ear.get_message(timeout=0) is None
        assert client.exists(STREAM) == 0


@pytest.fixture
def ailing(valkey_url: str) -> Iterator[Callable[..., None]]:
    """Return what sends the shared server a command, and make it well again afterwards."""
    with closing(redis.Redis.from_url(valkey_url)) as client:
        yield client.execute_command
        client.execute_command("REPLICAOF", "NO", "ONE")
        client.execute_command("CONFIG", "SET", "maxmemory", "0", "min-replicas-to-write", "0")


@pytest.mark.parametrize(
    ("ail", "error", "remedy"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), "SET: OOM", "REDIS_URL: its memory is full: raise its maxmemory"),
        (("REPLICAOF", "127.0.0.1", "1"), "SET: READONLY", "REDIS_URL: that is a read-only replica: name its primary"),
        (("CONFIG", "SET", "min-replicas-to-write", "1"), "SET: NOREPLICAS", "REDIS_URL: too few of its replicas"),
    ],
    ids=lambda given: given[0] if isinstance(given, tuple) else None,
)
def test_k7_check_refuses_a_redis_that_takes_no_write_with_what_to_do_about_it(
    ailing: Callable[..., None], valkey_url: str, ail: tuple[str, ...], error: str, remedy: str
) -> None:
    ailing(*ail)

    found = trouble(redis_standing, REDIS_URL=valkey_url, CONTROL_KEY="k" * 32)
    unsigned = redis_standing(config(REDIS_URL=valkey_url))

    assert error in found.message
    assert found.hint.startswith(remedy)
    # What anybody may say needs no write; the stream that keeps it does.
    assert "it refuses what keeps words while nobody hears: XADD" in unsigned.found
    assert unsigned.hint == found.hint


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("MISCONF Valkey is configured to save RDB snapshots, but it's unable to persist to disk", "room on its disk"),
        ("MOVED 3999 127.0.0.1:6381", "a node of a cluster"),
        ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "name its primary"),
        ("unknown command 'XADD', with args beginning with: ", "Redis 5 or later"),
        ("whatever nobody has thought of", "look at the server's log"),
    ],
)
def test_k7_whatever_a_server_has_against_a_command_there_is_something_to_do(said: str, remedy: str) -> None:
    assert remedy in remedy_of_refusal(said)


def test_check_is_content_with_a_user_of_exactly_the_rights_it_asks_for(user: Callable[..., str]) -> None:
    asked_for = trouble(redis_standing, REDIS_URL=user(*ALL, "-publish")).hint.partition("SETUSER NAME ")[2].split()

    url = user("on", ">pass", *asked_for)
    assert redis_standing(config(REDIS_URL=url, CONTROL_KEY="k" * 32)).hint == ""


def test_check_says_of_a_redis_whose_rights_cannot_be_looked_at_that_it_looked_at_none(
    user: Callable[..., str],
) -> None:
    standing = redis_standing(config(REDIS_URL=user(*ALL, "-multi")))

    assert "what its user may do cannot be looked at: MULTI" in standing.found
    assert "+multi" in standing.hint


@pytest.mark.parametrize("variable", ["ALERT_WEBHOOK_URL", "PING_URL"])
def test_check_dials_those_who_are_to_be_called_and_says_nothing_to_them(variable: str, plain_server: str) -> None:
    secret = "/hooks/very-secret-word"
    for host, why in (("http://127.0.0.1:1", "refused"), ("http://no-such-host.invalid", "no address")):
        error = trouble(alerts, **{variable: host + secret})
        assert why in error.message
        assert error.hint == f"check {variable}"
        assert "very-secret-word" not in str(error)

    assert alerts(config(**{variable: f"http://{plain_server}{secret}"})).found in ("a webhook", "a dead-man's ping")


def test_check_names_who_listens_for_calls_without_tls() -> None:
    with closing(ScriptedEndpoint()) as endpoint:
        somebody = endpoint.url.replace("http://", "https://")
        assert "speaks no TLS" in trouble(alerts, ALERT_WEBHOOK_URL=somebody).message


@pytest.mark.parametrize(("status", "is_fine"), [(200, True), (404, True), (401, False), (403, False)])
def test_check_tells_a_refused_key_from_an_endpoint_that_lists_no_models(status: int, *, is_fine: bool) -> None:
    with closing(ScriptedEndpoint()) as endpoint:
        endpoint.list_of_models = failure(status)
        given = {"OPENAI_BASE_URL": endpoint.url, "OPENAI_API_KEY": "sk-any"}
        if is_fine:
            assert "answers" in check._model(config(**given))
        else:
            assert "OPENAI_API_KEY" in trouble(check._model, **given).hint


def test_d11_check_on_railway_promises_no_grace_that_nobody_has_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert end(config()).found.startswith("40 s of grace (supervision.grace)")
    monkeypatch.setenv("RAILWAY_ENVIRONMENT", "production")

    unset, fitted = end(config()), end(config(RAILWAY_DEPLOYMENT_DRAINING_SECONDS="30"))

    assert "gives 0 s" in unset.found
    assert "RAILWAY_DEPLOYMENT_DRAINING_SECONDS=60" in unset.hint
    assert fitted.found.startswith("30 s of grace (RAILWAY_DEPLOYMENT_DRAINING_SECONDS), of which runs have 22 s")
    assert "ALWAYS" in fitted.hint


def test_k2_railways_file_asks_whether_the_start_is_complete_and_gives_at_least_the_grace_that_is_supposed() -> None:
    deploy = json.loads((ROOT / "railway.json").read_text())["deploy"]

    assert deploy["healthcheckPath"] == "/startz"
    assert isinstance(deploy["drainingSeconds"], int)
    assert deploy["drainingSeconds"] >= config().supervision.grace_s
