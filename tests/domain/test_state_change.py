"""Changes of the board's state: put together they are the state, and time alone is none."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.state_change import NAMED, apply, difference

entries = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2) | st.fixed_dictionaries({"x": st.integers(0, 1)}))
states = st.fixed_dictionaries(
    {**dict.fromkeys(NAMED, entries), "memory": st.none() | st.fixed_dictionaries({"mb": st.integers(0, 1)}),
     "uptime_s": st.integers(0, 9)}
)  # fmt: skip


@given(st.lists(states, min_size=2, max_size=6))
def test_whoever_applies_every_change_has_the_state_but_for_the_time(said: list[dict[str, Any]]) -> None:
    held = said[0]
    for before, after in itertools.pairwise(said):
        change = difference(before, after)
        if change is not None:
            held = apply(held, change.new, change.gone)
            assert held["uptime_s"] == after["uptime_s"]
        assert {**held, "uptime_s": 0} == {**after, "uptime_s": 0}


def test_time_that_goes_on_is_no_change() -> None:
    before = {"uptime_s": 1, "schedule_time": 1, "lease": {"fence": 1, "left_s": 9.0},
              "actors": {"clock": {"state": "exited", "restart_in_s": 3.0}}}  # fmt: skip
    after = {"uptime_s": 2, "schedule_time": 2, "lease": {"fence": 1, "left_s": 8.0},
             "actors": {"clock": {"state": "exited", "restart_in_s": 2.0}}}  # fmt: skip
    assert difference(before, after) is None
    taken = difference(before, {**after, "lease": {"fence": 2, "left_s": 8.0}})
    assert taken is not None
    assert taken.new == {"uptime_s": 2, "schedule_time": 2, "lease": {"fence": 2, "left_s": 8.0}}


def test_only_the_entries_that_changed_are_told() -> None:
    change = difference({"jobs": {"a": 1, "b": 2, "c": 3}}, {"jobs": {"a": 1, "b": 5}})
    assert change is not None
    assert (change.new, change.gone) == ({"jobs": {"b": 5}}, {"jobs": ["c"]})


def test_gibberish_is_no_crash() -> None:
    assert apply({"jobs": 3, "x": 1}, {"jobs": 4, "y": [1]}, {"jobs": ["a"], "counts": 3, "z": []}) == {
        "jobs": 4, "x": 1, "y": [1],
    }  # fmt: skip
