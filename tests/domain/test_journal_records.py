"""The journal's lines, what damage does to them, and what they come to."""

from __future__ import annotations

import uuid
import zlib
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.journal import Account, Grant, Mark, Settled, Testimony, Unsettled, decode, encode, read

if TYPE_CHECKING:
    from actors.domain.journal import Record

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

times = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    timezones=st.integers(-720, 720).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
# Half a surrogate pair, a newline and a NUL among them: what stands in a text is nothing to the line.
texts = st.text(st.characters())
ids = st.uuids()
records = st.one_of(
    st.builds(
        Grant,
        *(ids, ids, st.integers(0, 8), st.integers(1, 9), texts, st.integers(0, 2**63 - 1)),
        *(st.sampled_from(["content", "reply"]), texts, st.none() | texts, times, times, times),
    ),
    st.builds(Testimony, ids, texts, st.sampled_from(["response", "toast"]), times),
    st.builds(Settled, ids),
    st.just(Mark()),
)


def grant(attempt_id: uuid.UUID) -> Grant:
    return Grant(attempt_id, uuid.uuid4(), 0, 1, "boot", 7, "content", "A text.", None, NOW, NOW, NOW)


def said(attempt_id: uuid.UUID, tweet_id: str = "1900000000000000001") -> Testimony:
    return Testimony(attempt_id, tweet_id, "response", NOW)


def lines(*written: Record) -> bytes:
    return b"".join(map(encode, written))


@given(records)
def test_a_record_is_one_line_of_ascii_and_comes_back_equal(record: Record) -> None:
    line = encode(record)

    assert line.isascii()
    assert line.index(b"\n") == len(line) - 1
    assert decode(line[:-1]) == record


@given(st.lists(records, max_size=8), st.data())
def test_f8_a_journal_torn_anywhere_holds_every_whole_line_and_no_more(
    written: list[Record], data: st.DataObject
) -> None:
    content = lines(*written)
    cut = data.draw(st.integers(0, len(content)))

    reading = read(content[:cut])

    whole = content[:cut].count(b"\n")
    assert reading.records == tuple(written[:whole])
    assert reading.damages == ()
    assert reading.end == len(lines(*written[:whole]))


@given(st.lists(records, min_size=1, max_size=6), st.data())
def test_f8_a_changed_byte_costs_its_own_line_only(written: list[Record], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(written) - 1))
    line = encode(written[at])
    place = data.draw(st.integers(0, len(line) - 2))
    value = data.draw(st.integers(0, 255).filter(lambda value: value not in (line[place], ord("\n"))))
    damaged = line[:place] + bytes([value]) + line[place + 1 :]

    reading = read(lines(*written[:at]) + damaged + lines(*written[at + 1 :]))

    assert reading.records == (*written[:at], *written[at + 1 :])
    assert [(damage.number, damage.line + b"\n") for damage in reading.damages] == [(at + 1, damaged)]


@given(st.lists(records, max_size=4), st.binary(max_size=60), st.lists(records, max_size=4))
def test_f8_whatever_stands_between_two_lines_is_told_and_hides_neither(
    before: list[Record], between: bytes, after: list[Record]
) -> None:
    reading = read(lines(*before) + between + b"\n" + lines(*after))

    assert reading.records == (*before, *after)
    assert b"\n".join(damage.line for damage in reading.damages) == between


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"v":2,"kind":"mark"}', "another version"),
        ('{"v":1,"kind":"rumour"}', "no record"),
        ('{"v":1,"kind":"settled"}', "no record"),
        ('{"v":1,"kind":"settled","attempt_id":"7"}', "no record"),
        ("[1]", "no record"),
        ("{", "no record"),
    ],
)
def test_a_line_that_is_whole_but_no_record_says_why(text: str, reason: str) -> None:
    sum_of_a_lie = encode(Mark())[:8]
    assert decode(sum_of_a_lie + b" " + text.encode()) == "the checksum is wrong"

    said = decode(b"%08x %b" % (zlib.crc32(text.encode()), text.encode()))

    assert isinstance(said, str)
    assert reason in said


def test_a_naive_time_is_refused_because_its_meaning_would_be_the_reader_s() -> None:
    with pytest.raises(ValueError, match="naive"):
        encode(Testimony(uuid.uuid4(), "1900000000000000001", "toast", datetime(2026, 3, 2)))  # noqa: DTZ001


def test_what_is_not_settled_stands_in_the_order_of_its_grants_with_its_testimony() -> None:
    first, second, third = (uuid.uuid4() for _ in range(3))
    grants = {id: grant(id) for id in (first, second, third)}
    account = Account([grants[second], grants[first], grants[third], Mark(), said(first), Settled(third), said(third)])

    assert account.unsettled() == (Unsettled(grants[second], None), Unsettled(grants[first], said(first)))


def test_the_first_word_on_an_attempt_stands() -> None:
    id = uuid.uuid4()
    granted = grant(id)

    account = Account([granted, said(id), said(id, "1900000000000000002"), grant(id)])

    assert account.unsettled() == (Unsettled(granted, said(id)),)


def test_f8_a_testimony_outlives_its_damaged_grant_until_it_is_settled() -> None:
    id = uuid.uuid4()
    account = Account([said(id)])

    assert account.unsettled() == ()
    assert account.strays() == (said(id),)
    assert account.knows(id)

    account.add(Settled(id))
    assert account.strays() == ()
    assert not account.knows(id)


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from("gtsm")), max_size=30))
def test_f8_the_fewest_records_fold_to_the_same_and_keep_no_settled_attempt(history: list[tuple[int, str]]) -> None:
    attempts = [uuid.UUID(int=number) for number in range(5)]
    make = {"g": grant, "t": said, "s": Settled, "m": lambda _: Mark()}
    account = Account(make[kind](attempts[number]) for number, kind in history)

    again = Account(account.records())

    assert again.unsettled() == account.unsettled()
    assert again.strays() == account.strays()
    assert len(account.records()) <= 2 * len(attempts)
    last = {number: kind for number, kind in history if kind != "m"}
    assert not any(again.knows(attempts[number]) for number, kind in last.items() if kind == "s")
