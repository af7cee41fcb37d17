"""The state rebuilt from a log: envelopes, gaps, disorder, copies and forgeries."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.log_envelope import read_line
from actors.domain.log_state import LogState
from actors.domain.seal import GIVEN_KEY, is_sealed, seal
from actors.runtime.boot import new_boot_id
from tests.railway import STAMP, flat, spread

KEY = b"k" * 32
BASE = {"time": "2026-11-26T09:00:00.000Z", "level": "info", "message": "m", "action": "a", "boot": "b00t", "seq": 1}


def text(number: Any, **fields: Any) -> str:
    return json.dumps({**BASE, "seq": number, **fields})


def beat(seq: int, number: int, *, key: bytes = KEY, **fields: Any) -> str:
    line = {**BASE, "seq": seq, "action": "heartbeat", "schema": 1, "state_seq": number, **fields}
    line |= {"key": GIVEN_KEY, "hash": seal(line, key)}
    return json.dumps(line)


def change(seq: int, number: int, **fields: Any) -> str:
    return beat(seq, number, action="board_changed", **fields)


def life(seq: int, action: str, *, key: bytes = KEY, **fields: Any) -> str:
    """Return a line about how a process begins or ends, sealed."""
    line = {**BASE, "seq": seq, "action": action, **fields}
    return json.dumps({**line, "key": GIVEN_KEY, "hash": seal(line, key)})


def fold(*texts: str, key: bytes | None = KEY) -> dict[str, Any]:
    state = LogState(key)
    for each in texts:
        state.take(each)
    return state.snapshot()


@pytest.mark.parametrize("envelope", [
    "{}",
    "2026-11-26T09:00:00Z [inf] {}",
    "web.1 | {}\r\n",
    "   {}   ",
    '{{"log": "{quoted}\\n", "stream": "stdout"}}',
    '{{"timestamp": "t", "severity": "info", "message": "{quoted}"}}',
])  # fmt: skip
def test_a_line_is_read_in_a_platforms_envelope(envelope: str) -> None:
    line = text(7, data="x")
    found = read_line(envelope.replace("{{", "{").replace("}}", "}").replace("{quoted}", json.dumps(line)[1:-1])
                      .replace("{}", line))
    assert found == json.loads(line)


@pytest.mark.parametrize("other", [
    "Chromium says hello",
    "{",
    "{}",
    "[" * 100_000,
    '{"a":' * 100_000,
    json.dumps({**BASE, "state": json.loads('{"a":' * 700 + "1" + "}" * 700)}),
    spread(BASE)[:-1],
    spread(BASE) + " [x",
    text(1)[:-1],
    text(1) + text(2),
    text(True),
    text(0),
    text(10**400),
    text(1, level="fatal"),
    text(1, time="yesterday"),
    text(1, boot="\x1b[2J"),
    text(1, message=None),
    '{"message": ' + json.dumps("x " + text(1)) + "}",
    "x" * 300 + text(1),
    text(1).replace('"m"', "NaN"),
])  # fmt: skip
def test_what_is_no_line_of_ours_changes_nothing(other: str) -> None:
    state = LogState()
    state.take(other)
    assert (state.foreign, state.lines, state.boots) == (1, 0, {})


@pytest.mark.parametrize("form", [spread, flat])
def test_a_line_is_read_in_both_forms_of_the_platforms_command_line(form: Any) -> None:
    line = {**BASE, "level": "warn", "message": "read a=1 of it", "counts": {"a b=": [1, "x=1 y"]}, "none": None}
    assert read_line(form(line)) == {**line, "timestamp": STAMP}
    state = json.loads(beat(1, 1, state={"jobs": {"a": 'said "x=1" = {'}, "speed": 60.0}))
    found = read_line(form(state))
    assert found is not None
    assert is_sealed(found, KEY)


@pytest.mark.parametrize("message", [
    'x action="heartbeat" boot="other" seq=9 state={"jobs": {}} state_seq=9',
    'x action="heartbeat',
    'x a=1 a=1 a={"b": " a=1',
    "x boot=[[ seq=",
])  # fmt: skip
def test_what_a_message_quotes_is_no_field_of_a_line_that_is_spread_out(message: str) -> None:
    found = read_line(spread({**BASE, "message": message}))
    assert found is not None
    assert {name: found[name] for name in ("action", "boot", "seq", "level")} == {
        name: BASE[name] for name in ("action", "boot", "seq", "level")
    }


def test_a_platform_that_puts_its_own_time_in_the_place_of_ours_is_read() -> None:
    line = {name: value for name, value in BASE.items() if name != "time"}
    for form in (spread, flat):
        found = read_line(form(line))
        assert found is not None
        assert found["time"] == "2026-11-26T09:00:00.123Z"


def test_no_name_of_a_start_becomes_a_number_on_the_way() -> None:
    for _ in range(500):
        name = new_boot_id()[:8]
        assert read_line(flat({**BASE, "boot": name})) is not None, name


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_text_whatever_raises(said: str) -> None:
    fold(said, key=None)


def test_the_state_is_the_last_heartbeat_and_every_change_since() -> None:
    found = fold(
        beat(1, 1, state={"jobs": {"a": 1, "b": 2}, "speed": 1.0}),
        text(2),
        change(3, 2, change={"jobs": {"a": 3}}, gone={"jobs": ["b"]}),
    )
    assert found["state"] == {"jobs": {"a": 3}, "speed": 1.0}
    assert (found["is_whole"], found["is_verified"], found["missing"]) == (True, True, 0)


def test_a_lost_change_is_noticed_and_the_next_heartbeat_makes_the_state_whole() -> None:
    texts = [beat(1, 1, state={"jobs": {}}), change(3, 3, change={"jobs": {"a": 1}})]
    found = fold(*texts)
    assert (found["is_whole"], found["missing"], found["state"]) == (False, 1, {"jobs": {"a": 1}})
    assert fold(*texts, beat(4, 4, state={"jobs": {"a": 2}}))["is_whole"]
    assert fold(change(1, 5, change={"jobs": {"a": 1}}))["is_whole"] is False


def test_a_new_life_of_the_board_begins_anew() -> None:
    found = fold(beat(1, 1, state={"restarts": {"a": 1}}), change(2, 2, change={"restarts": {}}, anew=True))
    assert (found["state"], found["is_whole"]) == ({"restarts": {}}, True)


def test_a_late_line_fills_its_gap_and_a_copy_changes_nothing() -> None:
    first, second = beat(1, 1, state={"jobs": {"a": 1}}), change(3, 2, change={"jobs": {"a": 2}})
    assert fold(first, second, text(2), text(2), first, first)["missing"] == 0
    assert fold(first, second, first)["state"] == {"jobs": {"a": 2}}


@pytest.mark.parametrize("forged", [
    beat(9, 9, state={"jobs": {}}, key=b"x" * 32),
    beat(9, 9, state={"jobs": {}}).replace('"LOG_KEY"', '"boot"'),
    beat(9, 9, state={"jobs": {}}).replace('"state_seq": 9', '"state_seq": 8'),
    text(9, action="heartbeat", state_seq=9, state={"jobs": {}}),
    text(9, action="heartbeat", state_seq=9, state={"jobs": {}}, key="LOG_KEY", hash="\u00e9"),
    text(9, action="heartbeat", state_seq=9, state={"jobs": {}}, key="LOG_KEY", hash=None),
])  # fmt: skip
def test_with_the_key_nobody_else_tells_a_state(forged: str) -> None:
    found = fold(beat(1, 1, state={"jobs": {"a": 1}}), forged)
    assert (found["state"], found["refused"], found["missing"]) == ({"jobs": {"a": 1}}, 1, 0)


def test_without_the_key_the_state_is_shown_and_said_to_be_unchecked() -> None:
    found = fold(beat(1, 1, state={"jobs": {}}), key=None)
    assert (found["state"], found["is_verified"]) == ({"jobs": {}}, False)


def test_a_heartbeat_that_is_not_the_boards_is_no_state() -> None:
    assert fold(text(1, action="heartbeat", extra_state_seq=1, state={"jobs": {}}), key=None)["state"] is None


def test_of_two_starts_the_newer_is_shown_and_a_copy_of_the_older_changes_nothing() -> None:
    old = beat(1, 1, state={"boot": "old"}, boot="old")
    new = beat(1, 1, state={"boot": "new"}, boot="new", time="2026-11-26T09:00:01.000Z")
    assert fold(old, new, old)["boot"] == "new"


def test_one_that_begins_ends_the_one_before_it_unless_that_goes_on_telling() -> None:
    old, later = beat(1, 1, state={"boot": "old"}, boot="old"), {"boot": "new", "time": "2026-11-26T09:00:01.000Z"}
    goes_on = change(2, 2, change={"speed": 1.0}, boot="old", time="2026-11-26T09:00:02.000Z")
    for key, line in ((KEY, life), (None, text)):
        starts = line(1, action="starting", **later)
        waits = line(2, action="start_waits", level="warn", message="start: platform takes 5 s so far", **later)
        found = fold(old, starts, waits, old, key=key)
        assert (found["boot"], found["phase"], found["start_step"], found["state"]) == (
            "new", "starting", "start: platform takes 5 s so far", None)  # fmt: skip
        assert fold(old, starts, goes_on, waits, key=key)["boot"] == "old"
        ready = [beat(3, 1, state={"boot": "new"}, **later), line(4, action="ready", **later)]
        found = fold(old, waits, *ready, line(5, action="starting", message="a server is up", **later), key=key)
        assert (found["boot"], found["phase"], found["start_step"]) == ("new", "ready", None)


@pytest.mark.parametrize("forged", [
    [text(1, action="starting", boot="evil", time="2027-11-26T09:00:00.000Z")],
    [life(1, "starting", key=b"x" * 32, boot="evil", time="2027-11-26T09:00:00.000Z")],
    [text(3, action="stopped")],
    [text(3, action="shutdown", time="2027-11-26T09:00:00.000Z")],
    [life(3, "stopped").replace('"seq": 3', '"seq": 4')],
    [life(3, "ready").replace('"ready"', '"stopped"')],
])  # fmt: skip
def test_with_the_key_no_line_without_its_seal_displaces_ends_or_ages_a_start_that_has_one(forged: list[str]) -> None:
    sealed = [life(1, "ready"), beat(2, 1, state={"jobs": {"a": 1}})]
    known = ("boot", "phase", "time", "state", "is_whole", "is_verified", "start_step")
    before, after = fold(*sealed), fold(*sealed, *forged)
    assert {name: after[name] for name in known} == {name: before[name] for name in known}
    assert (before["boot"], before["phase"]) == ("b00t", "ready")


def test_the_first_seal_ends_the_belief_in_an_end_that_came_before_it() -> None:
    forged = text(2**53 - 1, action="stopped", time="2027-11-26T09:00:00.000Z")
    assert fold(forged)["phase"] == "stopped"
    found = fold(forged, beat(2, 1, state={"jobs": {}}))
    assert (found["phase"], found["time"]) == ("running", BASE["time"])
    assert fold(forged, beat(2, 1, state={"jobs": {}}), life(3, "ready"))["phase"] == "ready"


def test_a_sealed_line_that_is_said_once_more_ends_nothing_and_begins_nothing() -> None:
    old = [life(1, "starting", boot="old"), life(3, "stopped", boot="old")]
    late = {"time": "2026-11-26T09:00:05.000Z"}
    new = [life(1, "starting", **late), life(2, "ready", **late), beat(3, 1, state={"jobs": {}}, **late)]
    end = life(4, "stopped", **late)
    assert [fold(*new, each)["boot"] for each in old] == ["b00t"] * 2
    assert fold(*new, end, *old, new[1].replace('"m"', '"said anew"'))["phase"] == "stopped"
    assert fold(*new[:2], end, life(3, "shutdown", **late))["phase"] == "stopped", "late"


@pytest.mark.parametrize("key", [KEY, None])
@pytest.mark.parametrize("schema", [99, 0, None, "1", True])
def test_a_state_of_another_schema_is_not_taken_for_one_of_ours_and_is_counted(schema: Any, key: bytes | None) -> None:
    ours = beat(1, 1, state={"jobs": {"a": 1}})
    found = fold(ours, beat(2, 2, schema=schema, state={"jobs": {}}), change(3, 3, schema=schema, change={}), key=key)
    assert (found["state"], found["other_schema"], found["refused"]) == ({"jobs": {"a": 1}}, 2, 0)
    assert (found["missing"], found["is_whole"]) == (0, True)
    assert not fold(ours, change(2, 2, schema=schema, change={}), change(3, 3, change={"x": 1}), key=key)["is_whole"]


def test_the_news_of_every_start_are_kept_and_a_copy_of_one_is_none() -> None:
    state = LogState(KEY)
    for each in (text(1, level="error"), text(1, level="error", boot="new"), text(1, level="error")):
        state.take(each)
    assert [line["boot"] for line in state.news] == ["b00t", "new"]


def test_a_number_that_nobody_could_have_reached_keeps_no_news_back_and_counts_nothing_as_lost() -> None:
    state = LogState(KEY)
    for each in (beat(1, 1, state={"jobs": {}}), text(2**53 - 1), text(9_000), text(2, level="error")):
        state.take(each)
    assert [line["seq"] for line in state.news] == [2]
    assert (state.snapshot()["missing"], state.boots["b00t"].seq) == (0, 9_000)
    state.take(beat(4, 2, state={"jobs": {}}))
    assert state.snapshot()["missing"] == 1


def test_the_first_seal_ends_the_belief_in_a_number_that_came_before_it() -> None:
    found = fold(text(2**53 - 1), beat(5, 1, state={"jobs": {}}), text(6), beat(8, 2, state={"jobs": {}}))
    assert (found["missing"], found["is_whole"]) == (1, True)


def test_a_crowd_of_invented_starts_takes_no_memory_and_no_place_of_a_sealed_one() -> None:
    state = LogState(KEY)
    state.take(beat(1, 1, state={"jobs": {}}))
    for number in range(100):
        state.take(text(1, boot=f"invented{number}", time="2027-11-26T09:00:01.000Z"))
    assert len(state.boots) <= 4
    assert state.snapshot()["boot"] == "b00t"


def test_a_platform_may_order_fields_anew_add_its_own_and_write_2_for_2_0() -> None:
    line = json.loads(beat(1, 1, state={"speed": 60.0, "jobs": {"a": [1.0, 0.5]}}))
    assert is_sealed(line, KEY)
    line["state"]["speed"], line["state"]["jobs"]["a"], line["severity"] = 60, [1, 0.5], "info"
    assert is_sealed(dict(reversed(line.items())), KEY)
    line["state"]["speed"] = 61
    assert not is_sealed(line, KEY)
