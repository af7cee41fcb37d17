"""`send WORD...`: say a control word to the running supervisor and print its answer."""

from __future__ import annotations

import json
import secrets
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any

import redis

from actors.commands.loading import load_all
from actors.control.channel import CHANNEL, REPLIES
from actors.control.signature import sign
from actors.control.words import Command, Refused, parse
from actors.embedded.valkey import EmbeddedValkey
from actors.errors import AppError, ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from actors.config import Config

_ANSWER_S = 5.0


def send(words: list[str], *, data: Path | None, as_json: bool) -> int:
    """Return 0 if the supervisor did as told, 1 if it refused or did not answer.

    Raises:
        ConfigError: no such word.
    """
    answer = ask(words, data=data)
    if as_json:
        json.dump(answer, sys.stdout)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(str(answer["text"]).replace("; ", "\n") + "\n")
    return 0 if answer["ok"] else 1


def ask(words: list[str], *, data: Path | None) -> dict[str, Any]:
    """Say the words to the supervisor and return its answer, which has at least `id`, `ok` and `text`.

    Raises:
        ConfigError: no such word.
        AppError: no supervisor runs, or none answered.
    """
    config, _ = load_all({"data.dir": str(data)} if data is not None else None)
    command = parse(" ".join(words).encode())
    if isinstance(command, Refused):
        raise ConfigError(command.reason)
    command = Command(uuid.uuid4().hex, command.word, command.args)
    if config.control.key is not None:
        command = sign(command, key=config.control.key, now=time.time(), nonce=secrets.token_urlsafe(18))
    return _ask(_url(config), command)


def _url(config: Config) -> str:
    if config.redis.url is not None:
        return config.redis.url.reveal()
    url = EmbeddedValkey(config.data.dir).running_url()
    if url is None:
        raise AppError(f"no supervisor runs on {config.data.dir}", "start it with `make run`, or give its --data")
    return url


def _ask(url: str, command: Command) -> dict[str, Any]:
    """Publish the word and wait for the answer that bears its id."""
    until = time.monotonic() + _ANSWER_S
    try:
        with redis.Redis.from_url(url, socket_timeout=_ANSWER_S, socket_connect_timeout=_ANSWER_S) as client:
            pubsub = client.pubsub()
            pubsub.subscribe(REPLIES)
            heard = False
            while time.monotonic() < until:
                message = pubsub.get_message(timeout=max(0.0, until - time.monotonic()))
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    heard = client.publish(CHANNEL, command.to_json()) > 0
                    if not heard:
                        raise AppError("no supervisor listens on this Redis", "start it, or check REDIS_URL and --data")
                elif message["type"] == "message" and (answer := _answer_to(command, message["data"])) is not None:
                    return answer
    except redis.RedisError as error:
        raise AppError(f"Redis cannot be reached: {error}", "check REDIS_URL, or start the supervisor") from error
    raise AppError(f"no answer within {_ANSWER_S:g} s", "look at the supervisor's log")


def _answer_to(command: Command, data: bytes) -> dict[str, Any] | None:
    """Return the answer to our word; on a shared Redis anybody may publish anything."""
    try:
        answer: Any = json.loads(data)
    except ValueError:
        return None
    is_ours = isinstance(answer, dict) and answer.get("id") == command.id and {"ok", "text"} <= answer.keys()
    return answer if is_ours else None
