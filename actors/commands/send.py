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
from actors.domain.escaping import escape
from actors.embedded.valkey import EmbeddedValkey
from actors.errors import AppError, ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from actors.config import Config

_ANSWER_S = 5.0
_AWAY = "it may be starting or stopping; else start it, or check REDIS_URL and --data"


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
        sys.stdout.write(printable(answer))
    return 0 if answer["ok"] else 1


def printable(answer: dict[str, Any]) -> str:
    """Return the lines of an answer; whatever controls a terminal is written as its code, for it came over Redis."""
    return "".join(f"{escape(line)}\n" for line in answer.get("lines") or [answer["text"]])


def ask(words: list[str], *, data: Path | None) -> dict[str, Any]:
    """Say the words to the supervisor and return its answer: at least `id`, `ok` and `text`, its `lines` if it has any,
    and the whole explanation in `why` if that was asked.

    Raises:
        ConfigError: no such word, or an empty one.
        AppError: no supervisor runs, or none answered.
    """
    config, _ = load_all({"data.dir": str(data)} if data is not None else None)
    if not all(word.strip() for word in words):
        raise ConfigError("a word or name is empty")
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
        raise AppError(
            f"no supervisor runs on {config.data.dir}",
            "it may be starting or stopping; else start it with `make run`, or give its --data",
        )
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
                        raise AppError("no supervisor listens on this Redis", _AWAY)
                elif message["type"] == "message" and (answer := _answer_to(command, message["data"])) is not None:
                    return answer
    except redis.RedisError as error:
        raise AppError(f"Redis cannot be reached: {error}", _AWAY) from error
    raise AppError(f"no answer within {_ANSWER_S:g} s", f"{_AWAY}; its log says more")


def _answer_to(command: Command, data: bytes) -> dict[str, Any] | None:
    """Return the answer to our word; on a shared Redis anybody may publish anything."""
    try:
        answer: Any = json.loads(data)
    except ValueError:
        return None
    is_ours = isinstance(answer, dict) and answer.get("id") == command.id and _is_answer(answer)
    return answer if is_ours else None


def _is_answer(answer: dict[str, Any]) -> bool:
    lines = answer.get("lines", [])
    if not isinstance(answer.get("ok"), bool) or not isinstance(answer.get("text"), str):
        return False
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        return False
    return "why" not in answer or _is_explanation(answer["why"])


def _is_explanation(why: Any) -> bool:
    if not isinstance(why, dict) or not isinstance(why.get("running"), bool):
        return False
    reasons = why.get("reasons")
    return (
        isinstance(reasons, list)
        and _has_texts(why, {"job", "now"}, {"earliest"})
        and all(isinstance(reason, dict) and _has_texts(reason, {"kind", "text"}, {"until"}) for reason in reasons)
    )


def _has_texts(body: dict[str, Any], texts: set[str], times: set[str]) -> bool:
    """Return whether all these are there: texts, and times that may be null."""
    return (
        texts | times <= body.keys()
        and all(isinstance(body[name], str) for name in texts)
        and all(body[name] is None or isinstance(body[name], str) for name in times)
    )
