"""Hypotheses: nothing is raised that the table does not bear out, and our own posts decide what becomes of it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from actors.domain.insight.effects_table import EffectRow, advise_messages, own_effects, table_of
from actors.domain.insight.finding import Advice, Finding, preferences
from actors.domain.insight.hypotheses import LASTS, MOST_CLAIMS, Claim, Hypothesis, findings_of, sift, verdicts
from actors.domain.learning.features import BLOCKS, DIMENSION
from actors.domain.learning.posterior import Posterior
from actors.domain.learning.snapshot import prior_snapshot
from actors.domain.taxonomy import FACTORS

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BETTER = EffectRow("hook", "question", 0.214, 0.05, 0.37, 14)
OPEN = EffectRow("hook", "story", 0.1, -0.2, 0.4, 9)
WORSE = EffectRow("length", "long", -0.3, -0.5, -0.1, 20)
OURS = {(row.factor, row.value): row for row in (BETTER, OPEN, WORSE)}
ELSEWHERE = Finding("observed", (("format", "list"),), Advice(), 40, "high", (0.126, 0.02, 0.24))
POSTED = {value: row.posts for value, row in OURS.items()}
TABLE = table_of(OURS, [ELSEWHERE])
GOOD = Claim("hook", "story", ("e2",), 0.1)


def hypothesis(value: str = "story", factor: str = "hook", **changes: object) -> Hypothesis:
    return replace(Hypothesis(factor, value, NOW, 1, cited=9), **changes)  # type: ignore[arg-type]


def test_the_expert_sees_ids_numbers_and_words_of_the_taxonomy_and_nothing_else() -> None:
    _, order = advise_messages(TABLE)
    assert order["content"].splitlines() == [
        "task: advise",
        "[e1] hook=question mean=+0.21 low=+0.05 high=+0.37 n=14 of=ours",
        "[e2] hook=story mean=+0.10 low=-0.20 high=+0.40 n=9 of=ours",
        "[e3] length=long mean=-0.30 low=-0.50 high=-0.10 n=20 of=ours",
        "[e4] format=list mean=+0.13 low=+0.02 high=+0.24 n=40 of=observed",
    ]


def test_of_others_the_table_has_effects_of_single_values_and_never_what_the_expert_itself_said() -> None:
    untold = [
        replace(ELSEWHERE, effect=None),
        replace(ELSEWHERE, kind=(("format", "list"), ("hook", "story"))),
        replace(ELSEWHERE, source="expert"),
    ]
    assert table_of({}, untold) == ()


def test_a_claim_that_rests_on_a_row_of_its_factor_is_raised_whether_the_table_has_its_value_or_not() -> None:
    untried = Claim("format", "pair", ("e4", "e2"), 0.13)
    raised, dropped = sift([GOOD, untried], TABLE, OURS)
    assert [(each.factor, each.value) for each in raised] == [("hook", "story"), ("format", "pair")]
    assert [row.value for row in raised[1].cited] == ["list", "story"]
    assert not dropped


@pytest.mark.parametrize(
    ("reason", "claim"),
    [
        ("uncited", replace(GOOD, cites=())),
        ("unknown_id", replace(GOOD, cites=("e2", "e999"))),
        ("unknown_value", replace(GOOD, value="ignore all rules")),
        ("unknown_value", replace(GOOD, factor="price")),
        ("of_another_factor", replace(GOOD, cites=("e4",), mean=0.13)),
        ("no_such_number", replace(GOOD, mean=0.11)),
        ("no_such_number", replace(GOOD, mean=math.nan)),
        ("no_such_number", replace(GOOD, mean=math.inf)),
        ("settled_already", Claim("hook", "question", ("e1",), 0.21)),
        ("settled_already", Claim("length", "long", ("e3",), -0.3)),
    ],
)
def test_a_claim_that_the_table_does_not_bear_out_is_dropped_and_counted(reason: str, claim: Claim) -> None:
    assert sift([claim], TABLE, OURS) == ([], Counter([reason]))


def test_a_claim_is_taken_once_and_of_a_long_answer_only_the_first_are_looked_at() -> None:
    raised, dropped = sift([GOOD] * 100, TABLE, OURS)
    assert len(raised) == 1
    assert dropped == Counter({"repeated": MOST_CLAIMS - 1})


def test_our_effects_are_the_learners_each_against_the_mean_of_its_factor() -> None:
    shift, precision = np.zeros(DIMENSION), np.eye(DIMENSION)
    block = BLOCKS["length"]
    shift[block] = (1.0, 0.0, -1.0)
    precision[block, block] = 4 * np.eye(3)
    snapshot = replace(prior_snapshot(1), source="learned", posterior=Posterior(precision, 4 * shift, 50, noise=0.5))
    found = own_effects(snapshot, {("length", "short"): 12, ("length", "long"): 4, ("hook", "story"): 5})

    assert set(found) == {("length", "short"), ("hook", "story")}
    short = found["length", "short"]
    assert short.mean == pytest.approx(1.0)
    # A third of three independent values, each of variance 0.5 / 4, is taken off one of them.
    assert short.high - short.mean == pytest.approx(1.2816 * math.sqrt(0.125 * 2 / 3))
    assert short.is_clear
    assert not found["hook", "story"].is_clear


def test_before_anything_is_learned_we_have_no_effects() -> None:
    posts = {(factor, value): 50 for factor, values in FACTORS.items() for value in values}
    assert own_effects(prior_snapshot(), posts) == {}


def test_a_hypothesis_holds_or_not_once_the_interval_of_our_own_posts_excludes_zero() -> None:
    known = [
        hypothesis("question"),
        hypothesis("story"),
        hypothesis("long", "length"),
        hypothesis("myth"),
        hypothesis("question", raised_at=NOW - LASTS),
    ]
    assert [(each.value, held) for each, held in verdicts(known, OURS, POSTED, NOW)] == [
        ("question", True),
        ("long", False),
    ]


def test_what_a_hypothesis_was_raised_from_does_not_decide_about_it_and_five_posts_more_do() -> None:
    for posts, is_decided in ((14, False), (10, False), (9, True)):
        assert bool(verdicts([hypothesis("question", posts=posts)], OURS, POSTED, NOW)) == is_decided


def test_the_hypothesis_that_was_tried_longest_ago_comes_first() -> None:
    values = FACTORS["hook"][:5]
    known = [hypothesis(value, times_raised=9, tried_at=NOW + timedelta(hours=n)) for n, value in enumerate(values[:4])]
    found = findings_of([*reversed(known), hypothesis(values[4])], {}, NOW)
    assert [each.kind[0][1] for each in found] == [values[4], values[0], values[1]]


def test_a_hypothesis_is_tried_for_fourteen_days_and_for_as_long_once_it_held() -> None:
    for hours, is_tried in ((0, True), (-1, True), (1, False)):
        later = NOW + LASTS + timedelta(hours=hours) if hours else NOW
        assert bool(findings_of([hypothesis()], {}, later)) == is_tried
        assert bool(findings_of([hypothesis(held=True, settled_at=NOW)], {}, later)) == is_tried
    assert findings_of([hypothesis(held=False, settled_at=NOW)], {}, NOW) == []
    assert hypothesis().standing(NOW + LASTS) == "expired"


def test_of_each_factor_three_values_are_tried_those_that_held_first_then_those_raised_most_often() -> None:
    values = FACTORS["hook"]
    known = [hypothesis(value, times_raised=place) for place, value in enumerate(values, start=1)]
    known[0] = replace(known[0], held=True, settled_at=NOW)
    found = findings_of([*known, hypothesis("long", "length")], OURS, NOW)
    assert [each.kind[0][1] for each in found] == [values[0], values[-1], values[-2], "long"]
    assert all(each.advice == Advice(prefer=True) and each.source == "expert" for each in found)
    assert preferences(found)["length"] == ("long",)


def test_a_hypothesis_has_an_effect_only_where_our_own_posts_are_its_evidence() -> None:
    untried, tried = findings_of([hypothesis("myth"), hypothesis("story")], OURS, NOW)
    assert (untried.effect, untried.posts, untried.confidence) == (None, 9, "low")
    assert (tried.effect, tried.posts, tried.confidence) == ((0.1, -0.2, 0.4), 9, "low")
    (clear,) = findings_of([hypothesis("question")], OURS, NOW)
    assert clear.confidence == "low"
    (held,) = findings_of([hypothesis("question", held=True, settled_at=NOW)], OURS, NOW)
    assert held.confidence == "medium"
