"""`send WORD...`: say a control word to the running supervisor and print its answer."""

from __future__ import annotations

import json
import secrets
import sys
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import redis

from actors.commands.loading import load_all
from actors.control.answers import is_signed_answer
from actors.control.channel import BELL, CHANNEL, FIELD, KEPT, REPLIES, STREAM
from actors.control.signature import sign
from actors.control.words import Refused, only_reads, parse
from actors.domain.escaping import clip, escape
from actors.embedded.valkey import EmbeddedValkey
from actors.errors import AppError, ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from actors.config import Config, Secret
    from actors.control.words import Command

_ANSWER_S = 5.0
_SHOWN = 200
_KEYS = "set the same CONTROL_KEY here and where the supervisor runs; if it is, somebody else answers on this Redis"
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
    return ask_under(config, words)


def ask_under(config: Config, words: list[str]) -> dict[str, Any]:
    """Do the same for a command that has read its configuration already."""
    if not all(word.strip() for word in words):
        raise ConfigError("a word or name is empty")
    command = parse(" ".join(words).encode())
    if isinstance(command, Refused):
        raise ConfigError(command.reason)
    command = replace(command, id=uuid.uuid4().hex)
    if config.control.key is not None:
        command = sign(command, key=config.control.key, now=time.time(), nonce=secrets.token_urlsafe(18))
    return _ask(_url(config), command, config.control.key)


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


def _ask(url: str, command: Command, key: Secret | None) -> dict[str, Any]:
    """Say the word and wait for the answer that bears its id, and with a key our signature."""
    until = time.monotonic() + _ANSWER_S
    doubtful: str | None = None
    try:
        with redis.Redis.from_url(url, socket_timeout=_ANSWER_S, socket_connect_timeout=_ANSWER_S) as client:
            pubsub = client.pubsub()
            pubsub.subscribe(REPLIES)
            while time.monotonic() < until:
                message = pubsub.get_message(timeout=max(0.0, until - time.monotonic()))
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    _say(client, command)
                elif message["type"] == "message" and (answer := _answer_to(command, message["data"])) is not None:
                    if _is_believed(answer, command, key):
                        return answer
                    doubtful = answer["text"]
    except redis.RedisError as error:
        raise AppError(f"Redis cannot be reached: {error}", _AWAY) from error
    if doubtful is not None:
        found = f"one that anybody may have given: {escape(clip(doubtful, _SHOWN))}"
        raise AppError(f"no answer signed with CONTROL_KEY within {_ANSWER_S:g} s, but {found}", _KEYS)
    raise AppError(f"no answer within {_ANSWER_S:g} s", f"{_AWAY}; its log says more")


def _is_believed(answer: dict[str, Any], command: Command, key: Secret | None) -> bool:
    """Return whether an answer to the word comes from who holds our key; without one there is nothing to tell by."""
    if key is None or command.signed is None:
        return True
    return is_signed_answer(answer, key=key, nonce=command.signed.nonce)


def _say(client: redis.Redis, command: Command) -> None:
    """Add the word to the stream and ring; on a Redis that takes no stream (none there, no room) publish it."""
    message = command.to_json()
    try:
        place: Any = client.xadd(STREAM, {FIELD: message}, maxlen=KEPT)
    except redis.ResponseError:
        if not client.publish(CHANNEL, message):
            raise AppError("no supervisor listens on this Redis", _AWAY) from None
        return
    if client.publish(CHANNEL, BELL):
        return
    if only_reads(command):
        # Nobody waits for the answer that a later process would give.
        client.xdel(STREAM, place)
        raise AppError("no supervisor listens on this Redis", _AWAY)
    raise AppError(
        "no supervisor listens on this Redis; the word is kept, and obeyed by one that listens within a minute", _AWAY
    )


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
