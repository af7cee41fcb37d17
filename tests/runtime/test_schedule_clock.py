"""Schedule time of the process and its file."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.schedule_time import Anchor
from actors.errors import ConfigError
from actors.runtime.time import ScheduleClock, load_clock

if TYPE_CHECKING:
    from pathlib import Path


def test_a_first_start_begins_at_the_wall_clocks_time_and_writes_it_down(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    before = datetime.now(UTC)
    clock = load_clock(path, 60.0)
    assert before <= clock.now()
    assert clock.anchor == Anchor(**json.loads(path.read_text()))
    assert not path.with_suffix(".tmp").exists()


def test_a_second_start_goes_on_where_the_first_was_although_nothing_ran_in_between(tmp_path: Path) -> None:
    path, start = tmp_path / "clock.json", datetime(2026, 3, 1, tzinfo=UTC)
    wall = time.time() - 60.0
    path.write_text(json.dumps({"wall": wall, "schedule": start.timestamp(), "speed": 60.0}))
    later = load_clock(path, 60.0).now()
    assert timedelta(hours=1) <= later - start < timedelta(hours=2)


def test_another_speed_goes_on_from_the_same_moment(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    fast = load_clock(path, 6000.0)
    slow = load_clock(path, 1.0)
    assert slow.speed == 1.0
    assert slow.now() <= fast.now()
    assert json.loads(path.read_text())["speed"] == 1.0


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", "7", "{}", '{"wall": "x", "schedule": 1, "speed": 1}', '{"wall": null}', "\udcff"]
)
def test_a_file_that_is_not_ours_is_refused_by_name_with_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "clock.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError, match=r"clock.json is not a clock file.*start with an empty --data"):
        load_clock(path, 1.0)


def test_a_step_of_the_wall_clock_changes_nothing(monkeypatch: Any) -> None:
    clock = ScheduleClock(Anchor(time.time(), 0.0, 60.0))
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert clock.now() - before < timedelta(minutes=5)
    assert clock.now() >= before
    assert clock.real_seconds(timedelta(minutes=1)) == 1.0
