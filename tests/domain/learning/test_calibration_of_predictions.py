"""Predictions against outcomes: coverage, sharpness and the alarm."""

from __future__ import annotations

from statistics import NormalDist

import pytest

from actors.domain.learning.calibration import FEWEST, Prediction, calibrate, draw
from actors.domain.randomness import keyed

SHARP = Prediction(mean=1.0, spread=0.3, noise=0.16)


def outcomes(count: int, deviation: float) -> list[tuple[Prediction, float, float]]:
    """Return evenly spread outcomes around the prediction, of a normal distribution of this deviation."""
    truth = NormalDist(SHARP.mean, deviation)
    return [(SHARP, truth.inv_cdf((number + 0.5) / count), 1.0) for number in range(count)]


def test_what_comes_as_it_was_predicted_is_covered_by_four_fifths_and_evenly() -> None:
    calibration = calibrate(outcomes(1000, SHARP.deviation()))

    assert calibration is not None
    assert calibration.coverage == pytest.approx(0.8, abs=0.005)
    assert max(calibration.pit) - min(calibration.pit) <= 2
    assert not calibration.is_alarming


@pytest.mark.parametrize(("factor", "is_alarming"), [(3.0, True), (0.2, True), (1.0, False)])
def test_intervals_that_are_too_narrow_or_too_wide_are_an_alarm(factor: float, *, is_alarming: bool) -> None:
    calibration = calibrate(outcomes(100, factor * SHARP.deviation()))

    assert calibration is not None
    assert calibration.is_alarming is is_alarming


def test_a_few_misses_are_no_alarm_yet() -> None:
    calibration = calibrate(outcomes(19, 5 * SHARP.deviation()))

    assert calibration is not None
    assert (calibration.coverage < 0.7, calibration.is_alarming) == (True, False)


def test_an_early_reading_is_allowed_to_stray_further() -> None:
    early = [(prediction, z, 0.25) for prediction, z, _ in outcomes(100, SHARP.deviation(0.25))]

    calibration = calibrate(early)

    assert calibration is not None
    assert calibration.coverage == pytest.approx(0.8, abs=0.02)


def test_a_score_is_worse_for_whoever_is_further_off() -> None:
    near, far = ([(SHARP, z, 1.0)] * FEWEST for z in (1.1, 3.0))

    close, wide = calibrate(near), calibrate(far)

    assert close is not None
    assert wide is not None
    assert close.crps < wide.crps


def test_the_slope_tells_whether_higher_predictions_came_true() -> None:
    pairs = [(Prediction(mean, 0.1, 0.1), 0.5 * mean, 1.0) for mean in (0.0, 1.0, 2.0, 3.0, 4.0)]

    calibration = calibrate(pairs)

    assert calibration is not None
    assert calibration.slope == pytest.approx(0.5)
    alike = calibrate([(SHARP, 1.0, 1.0)] * FEWEST)
    assert alike is not None
    assert alike.slope is None


def test_too_few_predictions_are_no_calibration() -> None:
    assert calibrate(outcomes(FEWEST - 1, 1.0)) is None


def test_an_invented_outcome_depends_on_its_key_alone_and_is_never_negative() -> None:
    low = Prediction(-2.0, 0.5, 0.5)
    drawn = [draw(low, keyed("shadow", number)) for number in range(200)]

    assert drawn == [draw(low, keyed("shadow", number)) for number in range(200)]
    assert min(drawn) >= 0.0
    assert Prediction.from_record(low.record()) == low
