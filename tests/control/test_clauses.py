"""What may follow a name, what is refused of it, and that words which start, change or end something are not open."""

from __future__ import annotations

import json
import time

import pytest

from actors.control.signature import Claimed, SeenNonces, authorise
from actors.control.words import Command, Refused, parse
from tests.control.room import KEY


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        (["posting", "for"], "after `for` comes a duration"),
        (["posting", "for", "ever"], "after `for` comes a duration"),
        (["posting", "for", "0s"], "from 1s to 31d"),
        (["posting", "for", "32d"], "from 1s to 31d"),
        (["posting", "for", "2h", "and"], "after the name may come `for` and `because`"),
        (["posting", "because"], "a printable text"),
        (["posting", "because", "a\nb"], "a printable text"),
        (["posting", "because", "\u202egnp"], "a printable text"),
        (["posting", "because", "x" * 201], "at most 200 signs"),
    ],
)
def test_a_clause_that_is_not_whole_is_refused_with_what_it_lacks(args: list[str], fault: str) -> None:
    refused = parse(json.dumps({"word": "pause", "args": args}).encode())

    assert isinstance(refused, Refused)
    assert fault in refused.reason


def test_nobody_is_resumed_for_a_while() -> None:
    refused = parse(b"resume posting for 2h")

    assert isinstance(refused, Refused)
    assert "after the name may come `because`" in refused.reason


@pytest.mark.parametrize(
    "typed", ["drain", "stacks", "loglevel debug", "reload", "restart clock", "breaker openai reset"]
)
def test_on_a_foreign_redis_a_word_that_does_more_than_read_or_stop_needs_a_signature(typed: str) -> None:
    command = parse(typed.encode())
    assert isinstance(command, Command)
    now = time.time()

    verdict = authorise(command, embedded=False, key=KEY, now=now, seen_nonces=SeenNonces(now), claimed=Claimed())

    assert isinstance(verdict, Refused)
    assert "needs a signature" in verdict.reason
