from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from actors.domain.gates import judge

CORPUS = tomllib.loads(Path(__file__).with_name("corpus.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", CORPUS["good"], ids=lambda text: text[:40])
def test_a_decent_post_passes(text: str) -> None:
    verdict = judge(text, [])
    assert verdict.passed, verdict.reasons


@pytest.mark.parametrize("entry", CORPUS["refused"], ids=lambda entry: f"{entry['code']}: {entry['text'][:30]!r}")
def test_j3_a_damaged_or_unsafe_post_is_refused_for_the_right_reason(entry: dict[str, str]) -> None:
    assert entry["code"] in {reason.code for reason in judge(entry["text"], []).reasons}


def test_the_good_posts_do_not_repeat_each_other() -> None:
    for number, text in enumerate(CORPUS["good"]):
        assert judge(text, CORPUS["good"][:number]).passed


def test_each_code_of_the_corpus_belongs_to_one_gate() -> None:
    gates: dict[str, set[str]] = {}
    for entry in CORPUS["refused"]:
        for reason in judge(entry["text"], []).reasons:
            gates.setdefault(reason.code, set()).add(reason.gate)
    assert {code: names for code, names in gates.items() if len(names) > 1} == {}
