"""The metrics: Prometheus reads them, and by its own conventions has nothing to object."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from actors.dashboard.metrics import render
from actors.dashboard.published import Published

if TYPE_CHECKING:
    from prometheus_client.core import Metric

# promtool's lint (client_golang, testutil/promlint): what it objects to in a name.
_UNITS = re.compile(
    r"_(milli|micro|nano|kilo|mega|giga|kibi|mebi)?"
    r"(ms|us|ns|sec|secs|s|minutes?|mins?|hours?|days?|kb|mb|gb|kilobytes|megabytes|milliseconds|percent|celcius)(_|$)"
)
_TYPES = ("counter", "gauge", "histogram", "summary", "untyped")
_SUFFIXES = ("_total", "_count", "_sum", "_bucket", "_info", "_created")
_MAY_NAME_A_UNIT = {"supervisor_lane_posted_last_hour", "supervisor_lane_hour_cap", "supervisor_lane_posted_last_day",
                    "supervisor_lane_day_cap"}  # fmt: skip
"""Windows, not units: the value is a number of publications."""


def families(published: Published) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(render(published).decode())}


def lint(text: str) -> list[str]:
    """Return what promtool would object to."""
    problems = []
    helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE))
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    samples = set(re.findall(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)[ {]", text, re.MULTILINE))
    for name, kind in types.items():
        problems += [] if helps.get(name) else [f"{name}: no help"]
        if kind == "counter" and not name.endswith("_total"):
            problems.append(f"{name}: a counter ends in _total")
        if kind != "counter" and name.endswith(_SUFFIXES) and (kind, name[-5:]) != ("gauge", "_info"):
            problems.append(f"{name}: the suffix is another type's")
        if name != name.lower():
            problems.append(f"{name}: camel case")
        if any(part in _TYPES for part in name.split("_")):
            problems.append(f"{name}: names its type")
        if _UNITS.search(name) and name not in _MAY_NAME_A_UNIT:
            problems.append(f"{name}: no base unit")
    return problems + [f"{name}: has no type" for name in samples - set(types)]


def test_prometheus_has_nothing_to_object(published: Published) -> None:
    published.count("request", "/livez", "200")
    published.count("alert", "sent")
    published.count("ping", "sent")
    text = render(published)
    assert lint(text.decode()) == []
    promtool = shutil.which("promtool")
    if promtool is not None:
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, timeout=30, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, b"")


@pytest.mark.parametrize(
    "bad",
    [
        "# HELP supervisor_x_total x.\n# TYPE supervisor_x_total gauge\nsupervisor_x_total 1\n",
        "# HELP supervisor_x x.\n# TYPE supervisor_x counter\nsupervisor_x 1\n",
        "# TYPE supervisor_x gauge\nsupervisor_x 1\n",
        "# HELP supervisor_x_ms x.\n# TYPE supervisor_x_ms gauge\nsupervisor_x_ms 1\n",
        "supervisor_x 1\n",
    ],
)
def test_the_lint_of_these_tests_finds_what_it_looks_for(bad: str) -> None:
    assert len(lint(bad)) == 1


def test_every_part_of_the_state_has_its_figure(published: Published) -> None:
    found = families(published)

    def value(name: str, **labels: str) -> float:
        return next(each.value for each in found[f"supervisor_{name}"].samples if each.labels == labels)

    assert value("ready") == 1
    assert value("build_info", build="0123456789ab") == 1
    assert value("actor_restarts", actor="clock") == 2
    assert value("front_errands", front="database", end="done") == 7
    assert value("front_breaker_open", front="redis") == 0
    assert value("model_spent_dollars", lane="content") == 0.5
    assert value("job_last_success_age_seconds", job="posting") == 300
    assert value("job_due_in_seconds", job="posting") == 300
    assert value("job_nothing_streak", job="plan") == 4
    assert value("memory_used_bytes") == 300 * 1024 * 1024
    assert value("lane_published_age_seconds", lane="reply") == 540
    assert value("lane_posted", lane="content") == 40
    assert value("followers") == 1234
    assert value("health_score") == 88
    assert (value("kill_switch_on"), value("draining"), value("pauses")) == (0, 0, 1)
    assert [each.labels["job"] for each in found["supervisor_job_last_success_age_seconds"].samples] == ["posting"]


def test_a_process_that_has_no_board_yet_has_metrics_all_the_same() -> None:
    found = families(Published())
    assert found["supervisor_ready"].samples[0].value == 0
    assert "supervisor_front_slots" not in found


def test_what_runs_count_is_bounded_whatever_the_jobs_say(published: Published) -> None:
    assert published.view is not None
    published.view.snapshot["counts"].update({f"word_{number}": 1 for number in range(1000)})
    assert len(families(published)["supervisor_job_results"].samples) <= 64
