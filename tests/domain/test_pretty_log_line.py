"""What a person sees on a terminal: what matters, once, on one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from actors.domain.heartbeat import summarise_state
from actors.domain.log_line import pretty_line

if TYPE_CHECKING:
    from actors.domain.escaping import Plain

STATE: dict[str, Plain] = {
    "uptime_s": 3725.4,
    "schedule_time": "2026-03-01T12:37:45.719Z",
    "fronts": {
        "browser": {"size": 3, "running": 2, "waiting": 4, "breaker": "open", "lent": 1},
        "database": {"size": 10, "running": 0, "waiting": 0, "breaker": "closed"},
    },
    "running": {"posting": "2026-03-01T12:37:00.000Z"},
    "memory": {"level": "tight", "used_mb": 440, "limit_mb": 512},
    "lease": {"holder": "0123456789abcdef", "fence": 3, "is_ours": True, "left_s": 21.5},
    "waiting": {"learn": "metrics_scraper is stale"},
    "families": {"content": {"running": [], "paused": ["plan"]}},
    "restarts": {"valkey": 2},
    "dead_letters": 1,
    "counts": {"published": 3, "uncertain": 0},
}


def line(message: str = "plan starts", action: str = "run_admitted", level: str = "info", **fields: Plain) -> str:
    """Write one line and return what follows the action."""
    head: dict[str, Plain] = {"time": "2026-03-01T12:00:00.000Z", "level": level, "message": message, "action": action}
    return pretty_line({**head, **fields, "boot": "b", "seq": 1}, coloured=False)[40:]


def test_what_the_sentence_says_is_not_said_again() -> None:
    assert line("plan starts", job="plan", run="plan-1") == "plan starts run=plan-1"


def test_a_part_of_a_word_of_the_sentence_is_still_said() -> None:
    assert line("planned", job="plan") == "planned job=plan"


@pytest.mark.parametrize("field", [{"data": ""}, {"counts": {}}, {"attempt": 1}, {"generation": 1}, {"late_s": 0.002}])
def test_what_is_empty_or_as_always_is_left_out(field: dict[str, Plain]) -> None:
    assert line("x", **field) == "x"


@pytest.mark.parametrize("field", [{"attempt": 2}, {"late_s": 3.5}, {"took_ms": 0}, {"signed": False}])
def test_what_is_not_as_always_is_shown(field: dict[str, Plain]) -> None:
    ((name, value),) = field.items()
    assert f"{name}={str(value).lower()}" in line("x", **field)


def test_counts_need_no_braces_and_no_zeros() -> None:
    assert line("x", counts={"published": 1, "found": 0}) == "x counts(published=1)"
    assert line("x", counts={"found": 0}) == "x"


def test_a_value_in_a_group_cannot_close_the_group() -> None:
    assert line("x", arm={"topic": "sleep) level=error"}) == 'x arm(topic="sleep) level=error")'


def test_a_name_from_outside_cannot_look_like_further_fields() -> None:
    assert line("x", **{"a job=posting": 1}) == 'x "a job=posting"=1'


def test_text_comes_first_and_is_cut_unless_there_is_trouble() -> None:
    text = "word " * 50
    assert line("x", run="r", data=text).startswith('x "word word')
    assert line("x", data=text).endswith('... (250 characters)"')
    assert text in line("x", level="warn", data=text)


def test_a_line_break_in_a_text_is_escaped_once() -> None:
    assert line("x", data=r"one\ntwo \ three") == r'x "one\ntwo \\ three"'


def test_fractions_of_seconds_are_for_machines() -> None:
    assert line("x", due="2026-03-01T12:00:00.123456+00:00") == "x due=2026-03-01T12:00:00+00:00"


def test_a_heartbeat_says_load_work_trouble_and_yield_on_one_line() -> None:
    assert line("heartbeat", "heartbeat", beat=7, state=STATE) == (
        "heartbeat beat=7 up 1h2m5s | schedule 12:37 | browser 2/3 database 0/10 | running posting | queued browser 4"
        " | lent browser 1 | broken browser | memory 440/512 MB tight | lease 3 ours | waiting learn | paused plan"
        " | restarts valkey 2 | dead letters 1 | published 3"
    )


def test_memory_that_is_not_short_is_a_figure_and_no_limit_is_no_phrase() -> None:
    calm: dict[str, Plain] = {"level": "ok", "used_mb": 200, "limit_mb": 512}
    assert summarise_state({"memory": calm}) == ["memory 200/512 MB"]
    assert summarise_state({"memory": None}) == []


@pytest.mark.parametrize(("condition", "phrases"), [("cooling", ["platform cooling"]), ("valid", []), ("", [])])
def test_e4_a_heartbeat_says_why_the_site_is_left_alone(condition: str, phrases: list[str]) -> None:
    state: dict[str, Plain] = {"fronts": {"browser": {"running": 0, "size": 3, "condition": condition}}}
    assert summarise_state(state) == ["browser 0/3", *phrases]


@pytest.mark.parametrize(
    ("changes", "phrase"),
    [({}, "lease 3 01234567"), ({"left_s": 0.0}, "lease 3 unknown"), ({"is_ours": True}, "lease 3 ours")],
)
def test_b7_a_heartbeat_names_the_publisher_by_the_boot_that_its_lines_carry(
    changes: dict[str, Plain], phrase: str
) -> None:
    lease: dict[str, Plain] = {"holder": "0123456789abcdef", "fence": 3, "is_ours": False, "left_s": 21.5}
    assert summarise_state({"lease": {**lease, **changes}}) == [phrase]
    assert summarise_state({"lease": None}) == []


def test_k4_a_heartbeat_says_what_people_have_stopped() -> None:
    assert summarise_state({"kill_switch": True, "draining": True}) == ["kill switch on", "draining"]
    assert summarise_state({"kill_switch": False, "draining": False}) == []


def test_k3_a_heartbeat_says_what_is_wrong_with_the_whole_and_nothing_while_it_is_well() -> None:
    ill: dict[str, Plain] = {"level": "degraded", "score": 92.0, "reason": "memory is tight"}
    assert summarise_state({"health": ill}) == ["degraded: memory is tight"]
    assert summarise_state({"health": {**ill, "reason": ""}}) == ["degraded"]
    assert summarise_state({"health": {**ill, "level": "healthy", "reason": ""}}) == []
    assert summarise_state({"health": None}) == []


@pytest.mark.parametrize("name", [*STATE, "health"])
@pytest.mark.parametrize("value", [None, "text", 7, ["x"], {"browser": None}])
def test_a_state_of_another_shape_gives_a_line_all_the_same(name: str, value: Plain) -> None:
    assert all(summarise_state({**STATE, name: value}))
