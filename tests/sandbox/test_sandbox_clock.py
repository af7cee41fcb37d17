"""The schedule clock: scaled, kept, never backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from actors.errors import ConfigError
from actors.sandbox.clock import Anchor, ScheduleClock

if TYPE_CHECKING:
    from pathlib import Path


class Hands:
    """Both real clocks, moved together."""

    def __init__(self, wall: float = 1_000_000.0) -> None:
        self.wall = wall
        self.uptime = 0.0

    def forward(self, seconds: float) -> None:
        self.wall += seconds
        self.uptime += seconds

    def open(self, directory: Path, speed: float, anchor: Anchor | None = None) -> ScheduleClock:
        return ScheduleClock(directory, speed, anchor, wall=lambda: self.wall, monotonic=lambda: self.uptime)


def test_a_new_clock_starts_at_the_wall_time_and_runs_at_its_speed(tmp_path: Path) -> None:
    hands = Hands()
    clock = hands.open(tmp_path, 60)
    assert clock.now().timestamp() == 1_000_000
    hands.forward(2)
    assert clock.now().timestamp() == 1_000_120


def test_time_went_on_at_the_old_speed_while_nobody_served(tmp_path: Path) -> None:
    hands = Hands()
    hands.open(tmp_path, 60)
    hands.forward(10)
    clock = hands.open(tmp_path, 5)
    assert clock.now().timestamp() == 1_000_600
    hands.forward(10)
    assert clock.now().timestamp() == 1_000_650


def test_an_anchor_makes_two_clocks_equal(tmp_path: Path) -> None:
    hands = Hands()
    clock = hands.open(tmp_path, 60, Anchor(wall=999_990.0, schedule=5_000_000.0))
    assert clock.now().timestamp() == 5_000_600


def test_a_new_clock_takes_an_anchor_of_any_time(tmp_path: Path) -> None:
    clock = Hands().open(tmp_path, 60, Anchor(wall=1_000_000.0, schedule=5_000.0))
    assert clock.now().timestamp() == 5_000


def test_an_anchor_in_the_past_lets_the_clock_stand_until_it_has_caught_up(tmp_path: Path) -> None:
    hands = Hands()
    hands.open(tmp_path, 60)
    hands.forward(10)
    clock = hands.open(tmp_path, 60, Anchor(wall=hands.wall, schedule=1_000_540.0))
    assert clock.now().timestamp() == 1_000_600
    hands.forward(0.5)
    assert clock.now().timestamp() == 1_000_600
    hands.forward(1.5)
    assert clock.now().timestamp() == 1_000_660


def test_the_clock_does_not_follow_a_wall_clock_that_is_set_back(tmp_path: Path) -> None:
    hands = Hands()
    clock = hands.open(tmp_path, 60)
    hands.forward(10)
    hands.wall -= 3600
    assert clock.now().timestamp() == 1_000_600
    assert hands.open(tmp_path, 60).now().timestamp() >= 1_000_000


@pytest.mark.parametrize("text", ["", "12", "a:b", "1:2:3"])
def test_an_anchor_that_is_no_pair_of_times_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        Anchor.parse(text)


def test_an_anchor_is_read_as_two_epochs() -> None:
    assert Anchor.parse("1700000000.5:1800000000") == Anchor(1700000000.5, 1800000000.0)


def test_a_damaged_clock_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "clock.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"clock\.json"):
        ScheduleClock(tmp_path, 60)


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_a_speed_that_is_not_positive_is_refused(tmp_path: Path, speed: float) -> None:
    with pytest.raises(ConfigError):
        ScheduleClock(tmp_path, speed)
