"""The invariants of a run (reference: domain 9.1), looked up in its ledger, on the site and in its log."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psutil
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.acceptance.engine import Engine, Line

P0_JOBS = ("posting", "plan")
_STARTED = ("actor_started", "actor_restarted")
_POISON = re.compile(r"poison (\d+) for (\w+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant: whether it holds, and the figures that say so."""

    number: str
    sentence: str
    holds: bool
    figures: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What the run was configured to keep."""

    per_hour: int
    per_day: int
    budget_usd: float
    intervals: dict[str, timedelta]


def check_all(engine: Engine, rules: Rules) -> list[Finding]:
    """Check every invariant that a run at rest can be held to, publishing paused and nothing in flight."""
    return [
        *ledger_findings(engine, rules),
        *front_findings(engine.lines),
        *job_findings(engine, rules),
        *death_findings(engine.lines),
    ]


def ledger_findings(engine: Engine, rules: Rules) -> list[Finding]:
    """Check 1 to 5: what must hold at any instruction, and so after any kill."""
    posts, receipts = engine.truth()["posts"], engine.query("SELECT tweet_id FROM receipts")
    decisions = engine.query(
        "SELECT d.*, r.tweet_id AS receipt FROM decisions d "
        "LEFT JOIN receipts r ON r.decision_id = d.decision_id AND r.part = 0"
    )
    texts = Counter(post["text"] for post in posts)
    live, known = {post["id"] for post in posts}, {row["tweet_id"] for row in receipts}
    broken = [
        row
        for row in decisions
        if row["status"] == "posted"
        and (row["receipt"] != row["tweet_id"] or row["receipt"] is None or row["posted_at"] is None)
    ]
    intents = sorted(
        row["intent_at"]
        for row in engine.query("SELECT intent_at FROM publish_attempts WHERE result <> 'absent' AND part = 0")
    )
    hour, day = (most_within(intents, timedelta(hours=hours)) for hours in (1, 24))
    states = Counter(row["status"] for row in decisions)
    held = {state: states[state] for state in ("claimed", "publishing", "uncertain") if states[state]}
    return [
        Finding(
            "1", "at most one live post per decision", max(texts.values(), default=0) <= 1, f"{len(posts)} live posts"
        ),
        Finding(
            "2",
            "every live post has a receipt, every receipt its post",
            live == known,
            f"{len(live)} live, {len(known)} receipts, {len(live ^ known)} apart",
        ),
        Finding("3", "posted means id, time and receipt", not broken, f"{states['posted']} posted, {len(broken)} odd"),
        Finding(
            "4",
            "caps hold in every sliding window, by intents",
            hour <= rules.per_hour and day <= rules.per_day,
            f"{len(intents)} intents, most in 1 h {hour}/{rules.per_hour}, in 24 h {day}/{rules.per_day}",
        ),
        Finding("5", "nothing is held or in doubt without an owner", not held, f"decisions {dict(states)}"),
    ]


def most_within(times: list[datetime], window: timedelta) -> int:
    """Return the most of the sorted times that any sliding window holds."""
    return max((sum(start <= time < start + window for time in times) for start in times), default=0)


def front_findings(lines: list[Line]) -> list[Finding]:
    """Check 6 and 7 in the heartbeats and the ends of runs."""
    states = [
        (name, front)
        for line in lines
        if line["action"] == "heartbeat"
        for name, front in line["state"]["fronts"].items()
    ]
    uneven = [name for name, front in states if front["running"] + front["free"] != front["size"]]
    overdue = sum(front["overdue"] for _, front in states)
    late = sorted(line["late_s"] for line in lines if line.get("job") in P0_JOBS and "late_s" in line)
    return [
        Finding(
            "6",
            "slots: in use + free = all, none overdue",
            bool(states) and not uneven and not overdue,
            f"{len(states)} states in heartbeats, {len(uneven)} uneven, {overdue} overdue",
        ),
        Finding("7", "P0 starts on time (reported)", bool(late), seconds(late)),
    ]


def seconds(values: list[float]) -> str:
    """Return median, 99th percentile and maximum in words."""
    if not values:
        return "no value"
    last = values[min(len(values) - 1, int(len(values) * 0.99))]
    median = statistics.median(values)
    return f"{len(values)} runs late by {median:.2f} s (median), {last:.2f} (p99), {values[-1]:.2f} (max)"


def job_findings(engine: Engine, rules: Rules) -> list[Finding]:
    """Check 8 to 11: jobs, checkpoints, learning and money."""
    now = datetime.fromisoformat(heartbeats(engine.lines)[-1]["schedule_time"])
    unsaid = [name for name, every in rules.intervals.items() if not _is_accounted(engine, name, now - 2 * every)]
    checkpoints = engine.query(
        "SELECT count(*) FILTER (WHERE done_at IS NOT NULL) AS done, count(*) FILTER (WHERE late) AS late, "
        f"count(*) FILTER (WHERE done_at IS NULL AND due_at < '{now - timedelta(hours=1)}') AS forgotten "
        "FROM checkpoints"
    )[0]
    learning = engine.query(
        "SELECT (SELECT count(*) FROM metric_snapshots WHERE source <> 'measured') AS invented, "
        "(SELECT count(*) FROM metric_snapshots) AS snapshots, "
        "(SELECT count(*) FROM decisions d WHERE weight_version <> 0 AND NOT EXISTS "
        "(SELECT 1 FROM weight_snapshots w WHERE w.version = d.weight_version)) AS unversioned, "
        "(SELECT coalesce(max(version), 0) FROM weight_snapshots) AS version"
    )[0]
    spent = engine.query("SELECT day, sum(coalesce(cost_usd, reserved_usd))::float8 AS usd FROM llm_usage GROUP BY day")
    most = max((row["usd"] for row in spent), default=0.0)
    return [
        Finding("8", "each job succeeded in time or says why not", not unsaid, f"silent: {unsaid or 'none'}"),
        Finding("9", "each checkpoint is done or flagged late", not checkpoints["forgotten"], str(checkpoints)),
        Finding(
            "10",
            "learning uses measured values and versioned weights",
            not learning["invented"] and not learning["unversioned"],
            str(learning),
        ),
        Finding("11", "spend keeps within the day's budget", most <= rules.budget_usd, f"{most:.4f} USD at most"),
    ]


def _is_accounted(engine: Engine, job: str, since: datetime) -> bool:
    rows = engine.query(
        f"SELECT outcome, reason FROM job_runs WHERE job = '{job}' AND ended_at > '{since}' ORDER BY ended_at"
    )
    return any(row["outcome"] in ("done", "nothing") for row in rows) or bool(rows and rows[-1]["reason"])


def death_findings(lines: list[Line]) -> list[Finding]:
    """Check that no death was silent: one line with its cause each, and a start after it."""
    given = {line["seq"]: line["actor"] for line in lines if line["action"] == "poison_given"}
    crashes = [(index, line) for index, line in enumerate(lines) if line["action"] == "actor_crashed"]
    numbers = [int(found[1]) for _, line in crashes if (found := _POISON.search(line["error"]))]
    others = [f"{line['actor']}: {line['error']}" for _, line in crashes if not _POISON.search(line["error"])]
    missing = sorted(set(range(1, len(given) + 1)) - set(numbers))
    twice = [number for number, count in Counter(numbers).items() if count > 1]
    last_starts = {line["actor"]: index for index, line in enumerate(lines) if line["action"] in _STARTED}
    left_dead = sorted({line["actor"] for index, line in crashes if last_starts.get(line["actor"], -1) < index})
    unheard = loud(lines, ("error_uncaught", "actor_stop_failed", "actor_abandoned", "actor_start_failed"))
    rough = Counter(f"{line['action']} {line.get('actor', '')}".strip() for line in unheard)
    died = Counter(line["actor"] for _, line in crashes)
    return [
        Finding(
            "deaths",
            "each death is one line with its cause",
            bool(given) and not missing and not twice,
            f"{len(given)} poisons, {len(crashes)} crashes, {len(missing)} unseen, {len(twice)} seen twice",
        ),
        Finding("deaths", "each dead actor was started again", not left_dead, f"left dead: {left_dead or 'none'}"),
        Finding("deaths", "nobody died of anything else", not others, "; ".join(others[:5]) or "none"),
        Finding(
            "deaths",
            "no end was rough",
            not unheard,
            str(dict(rough)) if rough else "none",
        ),
        Finding(
            "deaths",
            "every actor died (reported)",
            bool(died),
            f"{len(died)} actors, {min(died.values(), default=0)} to {max(died.values(), default=0)} times each",
        ),
    ]


def wear(engine: Engine) -> Finding:
    """Report what the run has used up: threads, open files and memory of the process, and what it logged loudly."""
    process = psutil.Process(engine.pid)
    with process.oneshot():
        used = f"{process.num_threads()} threads, {process.num_fds()} files, {process.memory_info().rss >> 20} MB RSS"
    errors = dict(Counter(line["action"] for line in engine.at_level("error")).most_common(6))
    return Finding("wear", "wear of the process (reported)", holds=True, figures=f"{used}, error lines {errors}")


def trouble(lines: list[Line]) -> Finding:
    """Report what the deaths made of posts under way: doubts, and how each was settled."""
    words = ("intent_durable", "publish_stopped", "uncertain", "proven_absent", "scan_failed")
    count = Counter(line["action"] for line in lines if line["action"] in words)
    count.update(f"posted by {line['evidence']}" for line in lines if line["action"] == "posted")
    return Finding("doubt", "posts that a death disturbed (reported)", holds=True, figures=str(dict(count)))


def loud(lines: list[Line], actions: Iterable[str]) -> list[Line]:
    """Return the lines with one of these actions."""
    wanted = set(actions)
    return [line for line in lines if line["action"] in wanted]


def heartbeats(lines: list[Line]) -> list[dict[str, Any]]:
    """Return the states that the heartbeats carried."""
    return [line["state"] for line in lines if line["action"] == "heartbeat"]


def show(title: str, findings: list[Finding], console: Console | None = None) -> None:
    """Print the outcome for a person."""
    table = Table(title=title, title_justify="left")
    for name in ("", "invariant", "holds", "figures"):
        table.add_column(name)
    for each in findings:
        table.add_row(each.number, each.sentence, "yes" if each.holds else "[bold red]NO[/]", each.figures)
    (console or Console(width=160)).print(table)
