"""Agreement of two answers about the same posts, beyond chance."""

from __future__ import annotations

import pytest

from actors.domain.insight.agreement import LEAST_PAIRS, Agreement, Standing, agreements, kappa


def pairs(both_yes: int, yes_no: int, no_yes: int, both_no: int) -> list[tuple[str, str]]:
    table = {("yes", "yes"): both_yes, ("yes", "no"): yes_no, ("no", "yes"): no_yes, ("no", "no"): both_no}
    return [pair for pair, count in table.items() for _ in range(count)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (pairs(20, 5, 10, 15), 0.4),  # the textbook case of 50 grant proposals
        (pairs(45, 15, 25, 15), 0.1304),
        (pairs(25, 35, 5, 35), 0.2593),
        (pairs(10, 0, 0, 10), 1.0),
        (pairs(0, 10, 10, 0), -1.0),
        (pairs(25, 25, 25, 25), 0.0),
    ],
)
def test_kappa_is_what_two_answers_have_in_common_beyond_chance(said: list[tuple[str, str]], expected: float) -> None:
    assert kappa(said) == pytest.approx(expected, abs=1e-4)


def test_kappa_has_no_value_where_nothing_was_told_apart() -> None:
    assert kappa([]) is None
    assert kappa([("yes", "yes")] * 50) is None


@pytest.mark.parametrize(
    ("agreement", "standing"),
    [
        (Agreement(LEAST_PAIRS, 0.6), Standing.PROVEN),
        (Agreement(LEAST_PAIRS, 0.59), Standing.DROPPED),
        (Agreement(LEAST_PAIRS - 1, 0.1), Standing.UNPROVEN),
        (Agreement(LEAST_PAIRS - 1, 0.9), Standing.UNPROVEN),
        (Agreement(400, None), Standing.UNPROVEN),
    ],
)
def test_a_field_below_six_tenths_is_dropped_and_one_with_few_pairs_is_unproven(
    agreement: Agreement, standing: Standing
) -> None:
    assert agreement.standing is standing


def test_each_field_is_judged_by_itself_and_a_missing_value_is_an_answer() -> None:
    told = [({"tone": "warm", "angle": "media"}, {"tone": "warm"})] * 10 + [({"tone": "bold"}, {"tone": "bold"})] * 10
    found = agreements(told, ["tone", "angle"])
    assert found["tone"] == Agreement(20, 1.0)
    assert found["angle"].kappa == pytest.approx(0.0)
    assert found["angle"].standing is Standing.DROPPED
