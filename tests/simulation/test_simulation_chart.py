"""The chart and the figures of the report."""

from __future__ import annotations

from actors.commands.simulation_report import span
from actors.domain.priority import Priority
from actors.simulation.chart import CELLS, bar, chart
from actors.simulation.summary import percentile
from actors.simulation.use import Use


def test_a_bar_is_as_long_as_the_sum_of_its_shares() -> None:
    assert bar([0, 0, 0, 0]) == "·" * CELLS
    assert bar([0.1, 0.2, 0.3, 0.4]) == "███▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒░░░░░░░░░░░░"
    assert bar([0.01, 0.01, 0.01, 0.0]) == "▓" + "·" * (CELLS - 1)


def test_work_and_waiting_are_split_at_the_half_hours_and_days_lie_on_each_other() -> None:
    use = Use()
    use.worked(Priority.P1, 1700.0, 1900.0)
    use.worked(Priority.P1, 86400.0, 86500.0)
    use.waited(1700.0, 1900.0, 100.0)

    assert use.work[Priority.P1][:3] == [200.0, 100.0, 0.0]
    assert use.wait[:2] == [50.0, 50.0]
    assert use.busy_s == 300.0


def test_the_chart_fits_100_columns_and_is_readable_without_colour() -> None:
    use = Use()
    use.worked(Priority.P0, 0.0, 1800.0)
    use.waited(43200.0, 45000.0, 3600.0)
    lines = chart(use, contexts=3, days=1)

    assert len(lines) == 24
    assert max(map(len, lines)) <= 100
    assert lines[0].startswith(f"00:00 {'█' * 10}{'·' * 20}")
    assert lines[0].endswith("█  2.0")
    assert len(chart(use, 3, 1, columns=1)) == 48


def test_spans_are_written_as_a_person_would() -> None:
    seconds = (0.0, 0.04, 4.24, 9.96, 59.4, 59.6, 1114, 3599.7, 3720, 183600)
    assert [span(each) for each in seconds] == [
        "0s", "0s", "4.2s", "10s", "59s", "1m00s", "18m34s", "1h00m", "1h02m", "2d03h",
    ]  # fmt: skip


def test_a_percentile_is_a_value_that_was_seen() -> None:
    assert percentile([], 0.99) == 0.0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile(list(range(1, 101)), 0.99) == 99
    assert percentile(list(range(1, 102)), 0.99) == 100
