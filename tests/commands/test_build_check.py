"""`check`, asked whether the build that runs is the one that was to be deployed."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import redis

from actors.commands.check_build import OURS, running_build
from actors.commands.loading import CONFIG_FILE
from actors.config import Secret, load
from actors.control.answers import sign_answer
from actors.control.channel import BELL, CHANNEL, FIELD, REPLIES, STREAM
from actors.errors import AppError
from actors.runtime.build import build_id
from tests.control.room import no_wait_behind_an_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.config import Config

WAIT_S = 20.0
OTHER = "0123456789ab"


@pytest.fixture
def config(valkey_url: str) -> Config:
    return load(CONFIG_FILE, {"REDIS_URL": valkey_url}, {})


@contextmanager
def supervisor(url: str, key: Secret | None = None, **status: Any) -> Iterator[None]:
    """Answer one `status` on this Redis with this document, under the key if any, as the operator's actor does."""
    with redis.Redis.from_url(url, socket_timeout=WAIT_S) as client, client.pubsub() as heard:
        heard.subscribe(CHANNEL)
        assert heard.get_message(timeout=WAIT_S) is not None

        def serve() -> None:
            message = heard.get_message(timeout=WAIT_S)
            assert message is not None
            assert message["data"] == BELL.encode()
            ((_, word),) = client.xrevrange(STREAM, count=1)
            asked = json.loads(word[FIELD.encode()])
            answer = {"id": asked["id"], "ok": True, "text": "", "lines": [], "status": status}
            answer = answer if key is None else sign_answer(answer, key=key, nonce=asked["nonce"])
            client.publish(REPLIES, json.dumps(answer))

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(WAIT_S)


def test_k1_a_deployment_that_still_runs_another_build_than_the_expected_one_fails_the_check(
    valkey_url: str, config: Config
) -> None:
    for expected in (OURS, "f" * 12):
        with supervisor(valkey_url, build=OTHER), pytest.raises(AppError, match=f"{OTHER} runs, and .* is expected"):
            running_build(config, expected)
    with supervisor(valkey_url), pytest.raises(AppError, match="a build without a name runs"):
        running_build(config, OURS)


def test_k1_the_expected_build_passes_the_check_whichever_program_asks(valkey_url: str, config: Config) -> None:
    with supervisor(valkey_url, build=build_id()):
        assert running_build(config, OURS).found == f"{build_id()} runs, which is this program"
    with supervisor(valkey_url, build=OTHER):
        assert f"this program is {build_id()}" in running_build(config, OTHER).found


def test_k1_unasked_a_difference_is_told_and_nothing_is_wrong(valkey_url: str, config: Config) -> None:
    with supervisor(valkey_url, build=f"\x1b[2J{OTHER}"):
        advice = running_build(config, None)
    assert advice.found.startswith("\\x1b[2J0123")
    assert advice.hint
    assert "no supervisor listens" in running_build(config, None).found
    with pytest.raises(AppError, match="is expected, and no supervisor listens"):
        running_build(config, OURS)


def test_k1_who_holds_the_key_is_told_of_the_build_by_nobody_without_it(
    valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Secret("k" * 40)
    config = load(CONFIG_FILE, {"REDIS_URL": valkey_url, "CONTROL_KEY": key.reveal()}, {})
    with supervisor(valkey_url, key, build=build_id()):
        assert running_build(config, OURS).found == f"{build_id()} runs, which is this program"

    no_wait_behind_an_answer(monkeypatch)
    with supervisor(valkey_url, build=build_id()), pytest.raises(AppError, match="no answer signed with CONTROL_KEY"):
        running_build(config, OURS)
