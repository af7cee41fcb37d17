"""Folding: a storm of one error is a few lines, its number is exact, and what differs is never made one."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from actors.domain.folding import WHOLE, Folding, likeness_of

ASYNCIO = "Task exception was never retrieved\nfuture: <Task finished name='Task-{}' coro=<read() at 0x7f{:06x}>>"


def test_k6_a_storm_of_one_error_is_a_few_lines_a_second_and_the_number_is_exact() -> None:
    folding, out, sums, chance = Folding(), Counter[int](), 0, random.Random(14)
    for number in range(30_000):
        now = number / 13_174
        for folded in folding.over(now):
            out[int(now)] += 1
            sums += folded.count
        likeness = likeness_of("asyncio", "note", ASYNCIO.format(number, chance.randrange(1 << 24)), {})
        if not folding.takes(likeness, dict):
            out[int(now)] += 1
            sums += 1
    sums += sum(folded.count for folded in folding.over(1e9))
    assert sums == 30_000
    assert max(out.values()) == WHOLE + 1


@pytest.mark.parametrize("other", [
    {"logger": "actors.b"}, {"action": "run_lost"}, {"sentence": "the run was cut"}, {"extra": {"job": "plan"}},
    {"extra": {"job": "posting", "decision": "2"}},
])  # fmt: skip
def test_k6_lines_of_another_sentence_or_about_another_thing_are_not_equal(other: dict[str, Any]) -> None:
    line = {"logger": "actors.a", "action": "run_failed", "sentence": "the run failed", "extra": {"job": "posting"}}
    assert likeness_of(**line) != likeness_of(**{**line, **other})  # type: ignore[arg-type]


def test_k6_kinds_without_end_are_not_remembered_and_none_is_lost() -> None:
    folding = Folding()
    held = sum(folding.takes((str(number),), dict) for number in range(1000) for _ in range(11))
    assert held == sum(folded.count for folded in folding.over(1e9)) == 200
