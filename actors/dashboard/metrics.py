"""The metrics: what is published, in Prometheus' text format, with names and units by its conventions.

Every label comes from a closed set (actors, fronts, jobs, lanes, routes), so that the number of series is bounded.
Ages and due times are in schedule seconds, which are real ones unless `--speed` says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from actors.domain.readiness import STEPS, readiness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from prometheus_client.core import Metric

    from actors.dashboard.published import Published, View

KIND = CONTENT_TYPE_PLAIN_0_0_4
_MIB = 1024 * 1024
_MOST_KINDS = 64
"""Of what runs count: their words are those of the jobs' authors, and bounded only by their number."""

Values = Mapping[Any, float | None]
"""By the values of the labels: a tuple, or the one there is."""


def render(published: Published) -> bytes:
    """Return the text of a scrape. Runs in the server's thread and asks nobody."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Scrape(published))
    return generate_latest(registry)


class _Scrape:
    def __init__(self, published: Published) -> None:
        self._published = published

    def collect(self) -> Iterator[Metric]:
        published = self._published
        known, view = published.known(), published.view
        yield _gauge("ready", "Whether the process can do its work", {(): readiness(known).is_ready})
        yield _gauge("start_steps_done", "Steps of the start that are done", {(): len(published.done)})
        yield _gauge("start_steps", "Steps of the start in all", {(): len(STEPS)})
        yield from _own(published.counts())
        if view is not None:
            yield _gauge("snapshot_age_seconds", "Age of everything below that the board told", {(): known.age_s})
            yield _gauge("build_info", "The build that runs", {view.snapshot["build"]: 1.0}, "build")
            yield from _of_tree(view.snapshot)
            yield from _of_jobs(view.snapshot)
            yield from _of_process(view.snapshot)
            yield from _of_lanes(view)
            if view.status.get("ledger") is not None:
                yield from _of_ledger(view.status["ledger"])


def _own(counts: Mapping[tuple[str, ...], int]) -> Iterator[Metric]:
    requests = {what[1:]: count for what, count in counts.items() if what[0] == "request"}
    yield _counter("http_requests", "Requests answered", requests, "route", "code")
    alerts = {what[1:]: count for what, count in counts.items() if what[0] == "alert"}
    yield _counter("alerts", "What became of alerts", alerts, "result")
    pings = {what[1:]: count for what, count in counts.items() if what[0] == "ping"}
    yield _counter("pings", "What became of the dead-man's pings", pings, "result")


def _of_tree(snapshot: Mapping[str, Any]) -> Iterator[Metric]:
    actors, fronts = snapshot["actors"], snapshot["fronts"]
    yield _gauge("actor_up", "Whether the actor runs", _each(actors, lambda a: a["state"] == "running"), "actor")
    yield _counter("actor_restarts", "Restarts of the actor", dict(snapshot["restarts"]), "actor")
    yield _counter("dead_letters", "Messages that killed their receiver", {(): snapshot["dead_letters"]})
    for key, what in (
        ("size", "Slots of the front"),
        ("running", "Slots that work"),
        ("waiting", "Errands that wait for a slot"),
        ("lent", "Slots of P0's reservation that work for others"),
        ("overdue", "Errands past their limit"),
        ("abandoned", "Slots whose thread hangs"),
    ):
        name = "front_slots" if key == "size" else f"front_{key}"
        yield _gauge(name, what, _each(fronts, lambda f, key=key: f[key]), "front")
    yield _gauge(
        "front_breaker_open", "Whether the breaker is not closed", _each(fronts, lambda f: f["breaker"] != "closed"),
        "front",
    )  # fmt: skip
    ends = {(name, end): count for name, front in fronts.items() for end, count in front["counters"].items()}
    yield _counter("front_errands", "Errands by how they ended", ends, "front", "end")
    spent = {lane: usd for front in fronts.values() for lane, usd in front["spent"].items()}
    yield _gauge("model_spent_dollars", "Money of the day, reservations included", spent, "lane")
    paused = {name: len(family["paused"]) for name, family in snapshot["families"].items()}
    yield _gauge("family_paused_jobs", "Jobs of the family that are paused", paused, "family")


def _of_jobs(snapshot: Mapping[str, Any]) -> Iterator[Metric]:
    jobs, now = snapshot["jobs"], snapshot["schedule_time"]
    yield _counter("job_runs", "Runs that ended", _each(jobs, lambda j: j["runs"]), "job")
    yield _counter("job_missed_slots", "Slots on which no run began", _each(jobs, lambda j: j["missed"]), "job")
    streaks = _each(jobs, lambda j: j["nothing_streak"])
    yield _gauge("job_nothing_streak", "Last runs in a row that found nothing to do", streaks, "job")
    ages = _each(jobs, lambda j: _seconds(now, j["last_success_at"]))
    yield _gauge("job_last_success_age_seconds", "Schedule time since the last success", ages, "job")
    dues = {name: _seconds(due, now) for name, due in snapshot["next_due"].items()}
    yield _gauge("job_due_in_seconds", "Schedule time until the job is due", dues, "job")
    running = {name: name in snapshot["running"] for name in snapshot["next_due"]}
    yield _gauge("job_running", "Whether a run of the job is under way", running, "job")
    waits = {name: name in snapshot["waiting"] for name in snapshot["next_due"]}
    yield _gauge("job_waits", "Whether a due run waits for another job's success", waits, "job")
    counts = dict(sorted(snapshot["counts"].items())[:_MOST_KINDS])
    yield _counter("job_results", "What runs counted", counts, "kind")


def _of_process(snapshot: Mapping[str, Any]) -> Iterator[Metric]:
    yield _gauge("uptime_seconds", "Real time since the board's start", {(): snapshot["uptime_s"]})
    yield _gauge("schedule_speed_ratio", "Schedule seconds in a real second", {(): snapshot["speed"]})
    yield _gauge("kill_switch_on", "Whether the kill switch stops all publishing", {(): snapshot["kill_switch"]})
    yield _gauge("draining", "Whether nothing new begins until there is a new process", {(): snapshot["draining"]})
    yield _gauge("pauses", "Pauses in force", {(): len(snapshot["pauses"])})
    memory, lease = snapshot["memory"], snapshot["lease"]
    if memory is not None:
        yield _gauge("memory_used_bytes", "Memory in use in the container", {(): memory["used_mb"] * _MIB})
        yield _gauge("memory_limit_bytes", "Limit of the container", {(): memory["limit_mb"] * _MIB})
    if lease is not None:
        yield _gauge("publisher_lease_held", "Whether this process may publish", {(): lease["is_ours"]})


def _of_lanes(view: View) -> Iterator[Metric]:
    ages = {lane: age.age.total_seconds() for lane, age in view.lanes.items()}
    yield _gauge("lane_published_age_seconds", "Schedule time since the lane published", ages, "lane")
    allowed = {lane: age.allowance.total_seconds() for lane, age in view.lanes.items()}
    yield _gauge("lane_allowed_age_seconds", "Age from which the lane is stale", allowed, "lane")
    stale = {lane: age.is_stale for lane, age in view.lanes.items()}
    yield _gauge("lane_stale", "Whether the lane has been silent for too long", stale, "lane")


def _of_ledger(ledger: Mapping[str, Any]) -> Iterator[Metric]:
    lanes = ledger["lanes"]
    yield _counter("lane_posted", "Decisions that became posts", _each(lanes, lambda row: row["posted"]), "lane")
    for key, name, what in (
        ("queued", "lane_queued", "Decisions in the queue"),
        ("in_doubt", "lane_in_doubt", "Decisions of which nobody knows yet whether they went out"),
        ("of_hour", "lane_posted_last_hour", "Publications that count in the window of an hour"),
        ("of_day", "lane_posted_last_day", "Publications that count in the window of a day"),
        ("hour_cap", "lane_hour_cap", "Cap of an hour"),
        ("day_cap", "lane_day_cap", "Cap of a day"),
    ):
        yield _gauge(name, what, _each(lanes, lambda row, key=key: row[key]), "lane")
    yield _gauge("pool_pending", "Posts that are ready to be answered", {(): ledger["pool"]["pending"]})
    measuring = ledger["measuring"]
    yield _gauge("measuring_posted", "Posts of the last two days", {(): measuring["posted"]})
    yield _gauge("measuring_measured", "Those of them that are measured", {(): measuring["measured"]})
    versions = _each(ledger["weights"], lambda row: row["version"])
    yield _gauge("weights_version", "Version of the weights in force", versions, "lane")
    if ledger.get("health") is not None:
        yield _gauge("health_score", "Last verdict on the whole, from 0 to 100", {(): ledger["health"]["score"]})
    if ledger["followers"] is not None:
        yield _gauge("followers", "Followers of the account", {(): ledger["followers"]["followers"]})


def _gauge(name: str, what: str, values: Values, *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"supervisor_{name}", f"{what}.", labels=labels)
    for key, value in _known(values):
        family.add_metric(key, value)
    return family


def _counter(name: str, what: str, values: Values, *labels: str) -> CounterMetricFamily:
    family = CounterMetricFamily(f"supervisor_{name}", f"{what}.", labels=labels)
    for key, value in _known(values):
        family.add_metric(key, value)
    return family


def _known(values: Values) -> Iterable[tuple[tuple[str, ...], float]]:
    return (((key,) if isinstance(key, str) else key, float(value)) for key, value in values.items()
            if value is not None)  # fmt: skip


def _each(rows: Mapping[str, Any], pick: Any) -> Values:
    return {name: pick(row) for name, row in rows.items()}


def _seconds(later: datetime | None, earlier: datetime | None) -> float | None:
    return None if later is None or earlier is None else (later - earlier).total_seconds()
