"""What may be said over the control channel, and how it is misunderstood."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.control.words import WORDS, Command, Refused, Signed, parse


@pytest.mark.parametrize(
    ("typed", "word", "args"),
    [
        (b"status", "status", ()),
        (b"  jobs \n", "jobs", ()),
        (b"pause posting", "pause", ("posting",)),
        (b"resume   all", "resume", ("all",)),
        (b"pause posting for 2h", "pause", ("posting", "for", "2h")),
        (b"pause all because  the site moves", "pause", ("all", "because", "the", "site", "moves")),
        (b"pause plan for 1d12h because of us", "pause", ("plan", "for", "1d12h", "because", "of", "us")),
        (b"resume plan because it is over", "resume", ("plan", "because", "it", "is", "over")),
        (b"run metrics_scraper", "run", ("metrics_scraper",)),
        (b"kill-switch on", "kill-switch", ("on",)),
        (b"shutdown", "shutdown", ()),
        (b"why", "why", ()),
        (b"why posting", "why", ("posting",)),
        (b"approve", "approve", ()),
        (b"approve 1234abcd", "approve", ("1234abcd",)),
        (b"approve 1234abcd12341234123412345678abcd", "approve", ("1234abcd12341234123412345678abcd",)),
        (b"reject 1234abcd-1234-1234-1234-12345678abcd", "reject", ("1234abcd-1234-1234-1234-12345678abcd",)),
        (b"opt-out @Some_Body1", "opt-out", ("@Some_Body1",)),
        (b"opt-out somebody", "opt-out", ("somebody",)),
        (b"opted-out", "opted-out", ()),
    ],
)
def test_a_word_typed_by_hand_is_a_command(typed: bytes, word: str, args: tuple[str, ...]) -> None:
    assert parse(typed) == Command("", word, args)


@pytest.mark.parametrize(
    ("typed", "args", "to"),
    [
        (b"drain at 0a1b", (), "0a1b"),
        (b"restart clock at b0a1b2c3", ("clock",), "b0a1b2c3"),
        (b"breaker openai reset at 0a1b", ("openai", "reset"), "0a1b"),
        (b"loglevel info at 0a1b", ("info",), "0a1b"),
        (b"loglevel info actors.log at 0a1b", ("info", "actors.log"), "0a1b"),
        (b"pause plan because look at this", ("plan", "because", "look", "at", "this"), ""),
    ],
)
def test_a_word_about_a_process_may_say_which_one(typed: bytes, args: tuple[str, ...], to: str) -> None:
    command = parse(typed)

    assert isinstance(command, Command)
    assert (command.args, command.to) == (args, to)
    assert parse(command.to_json().encode()) == command


def test_every_word_is_understood_as_its_usage_says() -> None:
    for word in WORDS.values():
        typed = re.sub(r"\[.*?\]", "", word.usage).replace("NAME|all", "all").replace("on|off", "off")
        typed = typed.replace("JOB", "posting").replace("DECISION", "1234abcd").replace("HANDLE", "somebody")
        typed = typed.replace("LEVEL", "debug").replace("RESOURCE", "openai").replace("ACTOR", "clock")
        assert isinstance(parse(typed.encode()), Command), typed


def test_json_carries_id_word_and_arguments() -> None:
    raw = json.dumps({"id": "a-1", "word": "pause", "args": ["posting"]}).encode()
    assert parse(raw) == Command("a-1", "pause", ("posting",))


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        (b"", "unknown word"),
        (b"paus posting", "nearest known: pause"),
        (b"PAUSE posting", "nearest known: pause"),
        (b"kill_switch on", "nearest known: kill-switch"),
        (b"xyzzy", "known: status, jobs"),
        (b"pause", "pause NAME|all"),
        (b"pause a b", "pause NAME|all"),
        (b"pause ../etc", "pause NAME|all"),
        (b"kill-switch maybe", "kill-switch on|off"),
        (b"status now", "say it like this: status"),
        (b"drain at", "say it like this: drain [at BOOT]"),
        (b"drain at ../etc", "say it like this: drain [at BOOT]"),
        (b"run posting at 12345678", "say it like this: run JOB"),
        (b"approve 1234abc", "say it like this: approve [DECISION]"),
        (b"approve 1234ABCD", "say it like this: approve [DECISION]"),
        (b"approve 1234abcg", "say it like this: approve [DECISION]"),
        (b"approve 1234abcd-12", "say it like this: approve [DECISION]"),
        (b"approve 1234abcd%", "say it like this: approve [DECISION]"),
        (b"approve " + b"a" * 33, "say it like this: approve [DECISION]"),
        (b"approve 1234abcd 1234abce", "say it like this: approve [DECISION]"),
        (b"reject", "say it like this: reject DECISION"),
        (b"opt-out", "say it like this: opt-out HANDLE"),
        (b"opt-out @", "say it like this: opt-out HANDLE"),
        (b"opt-out @@a", "say it like this: opt-out HANDLE"),
        (b"opt-out some.body", "say it like this: opt-out HANDLE"),
        (b"opt-out twenty_one_letters_xx", "say it like this: opt-out HANDLE"),
        (b"opted-out somebody", "say it like this: opted-out"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x" * 8193, "more than 8192 bytes"),
    ],
)
def test_what_is_not_a_word_is_refused_with_what_was_meant(typed: bytes, reason: str) -> None:
    refused = parse(typed)
    assert isinstance(refused, Refused)
    assert reason in refused.reason


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("{", "not JSON"),
        ("{" + '"a":[' * 1600, "not JSON"),
        ('{"word": "status"} x', "not JSON"),
        ('{"word": "status", "word": "shutdown"}', "given twice"),
        ('{"word": "status", "wrd": 1}', "nearest known: word"),
        ('{"args": []}', "`word` must be a text"),
        ('{"word": 3}', "`word` must be a text"),
        ('{"word": "pause", "args": "posting"}', "`args` must be a list"),
        ('{"word": "pause", "args": [1]}', "`args` must be a list"),
        ('{"word": "status", "id": "a b"}', "`id` must be"),
        ('{"word": "status", "id": 7}', "`id` must be"),
        ('{"word": "status", "time": 1}', "needs `id`, `time`, `nonce` and `signature`"),
    ],
)
def test_json_that_does_not_fit_the_schema_is_refused(raw: str, reason: str) -> None:
    refused = parse(raw.encode())
    assert isinstance(refused, Refused)
    assert reason in refused.reason


@pytest.mark.parametrize(
    "wrong",
    [
        {"time": 1.5},
        {"time": True},
        {"time": "1"},
        {"time": -1},
        {"time": 10**30},
        {"nonce": "short"},
        {"nonce": 5},
        {"signature": "A" * 64},
        {"signature": "a" * 63},
        {"id": ""},
    ],
)
def test_a_proof_that_is_not_exact_is_refused(wrong: dict[str, object]) -> None:
    fields = {"id": "i", "word": "shutdown", "time": 1, "nonce": "n" * 16, "signature": "a" * 64}
    assert isinstance(parse(json.dumps(fields).encode()), Command)
    assert isinstance(parse(json.dumps(fields | wrong).encode()), Refused)


def test_a_refusal_names_the_sender_s_id_so_that_the_answer_finds_him() -> None:
    refused = parse(b'{"id": "a-1", "word": "dance"}')
    assert isinstance(refused, Refused)
    assert refused.id == "a-1"


def test_a_refusal_repeats_nothing_that_could_steer_a_terminal() -> None:
    refused = parse("\x1b]0;owned\x07\u202e".encode())
    assert isinstance(refused, Refused)
    assert refused.reason.isascii()
    assert refused.reason.isprintable()


def test_what_is_written_is_read_back() -> None:
    command = Command("a-1", "pause", ("posting",), Signed(12, "n" * 16, "a" * 64))
    assert parse(command.to_json().encode()) == command


@given(
    st.binary(max_size=300)
    | st.text(max_size=200).map(str.encode)
    | st.dictionaries(
        st.sampled_from(["id", "word", "args", "time", "nonce", "signature", "x"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=70) | st.lists(st.text(max_size=9), max_size=3),
    ).map(lambda fields: json.dumps(fields).encode())
)
def test_any_message_gives_a_command_of_the_list_or_a_printable_refusal(raw: bytes) -> None:
    result = parse(raw)
    if isinstance(result, Command):
        assert result.word in WORDS
    else:
        assert result.reason.isprintable()
