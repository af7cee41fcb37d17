"""The overview: what `status` asks of the ledger, and how its rows and the board's snapshot are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.duration import format_duration
from actors.domain.escaping import clip, escape
from actors.domain.pauses import Pause
from actors.sql.queries import Statement, Transaction

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from actors.control.words import Command
    from actors.domain.caps import Caps

Row = dict[str, Any]

_ASKED = ("lanes", "pool", "measuring", "weights", "followers", "calibration", "replying", "shadow", "health")
_ERROR_SHOWN = 120
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Overview:
    """One `status` on its way: what the board said, while the ledger is asked. Times are schedule time."""

    command: Command
    snapshot: Mapping[str, Any]
    caps: Mapping[str, Caps]
    """By lane."""
    now: datetime

    def questions(self) -> Transaction:
        """Return what the ledger is asked."""
        now = {"now": self.now}
        return Transaction(
            (
                Statement("lane_state", now),
                Statement("pool_state", now),
                Statement("measuring_coverage", now),
                Statement("weights_in_force"),
                Statement("followers_state", now),
                Statement("calibration_state"),
                Statement("effect_state"),
                Statement("shadow_state"),
                Statement("health_state"),
            )
        )

    def answer(self, rows: list[list[Row]] | None, error: BaseException | None) -> tuple[list[str], dict[str, Any]]:
        """Return the lines and the document; without the ledger they tell what the board knows, and why not more."""
        lines, known = [*_of_board(self.snapshot), *map(_of_pause, self.snapshot["pauses"])], self.snapshot
        if rows is None:
            reason = escape(clip(str(error), _ERROR_SHOWN))
            return [*lines, f"ledger unknown: {reason}"], {**known, "ledger": None, "ledger_error": reason}
        found = dict(zip(_ASKED, rows, strict=True))
        ledger = {
            "now": self.now,
            "lanes": {row["lane"]: self._lane(row) for row in found["lanes"]},
            "pool": found["pool"][0],
            "measuring": found["measuring"][0],
            "weights": {row["lane"]: row for row in found["weights"]},
            **{name: next(iter(found[name]), None) for name in ("followers", "calibration", "replying", "health")},
            "shadow": found["shadow"][0] if found["shadow"][0]["drawn"] else None,
        }
        return [*lines, *_of_ledger(ledger, self.now)], {**known, "ledger": ledger}

    def _lane(self, row: Row) -> Row:
        last, caps = row["last_posted"], self.caps[row["lane"]]
        age = None if last is None else (self.now - last).total_seconds()
        return {**row, "last_age_s": age, "hour_cap": caps.per_hour, "day_cap": caps.per_day}


def _of_board(snapshot: Mapping[str, Any]) -> list[str]:
    fronts = snapshot["fronts"]
    busy = ", ".join(f"{name} {state['running']}/{state['size']}" for name, state in fronts.items())
    broken = [name for name, state in fronts.items() if state["breaker"] != "closed"]
    paused = [job for family in snapshot["families"].values() for job in family["paused"]]
    lines = [f"up {snapshot['uptime_s']:.0f} s", busy]
    lines += [f"broken: {', '.join(broken)}"] if broken else []
    lines += ["draining: nothing new begins until there is a new process"] if snapshot["draining"] else []
    lines += ["the kill switch is on: nothing is published"] if snapshot["kill_switch"] else []
    platform = fronts.get("browser", {}).get("condition")
    lines += [f"platform {platform}"] if platform and platform != "valid" else []
    lease = snapshot.get("lease")
    lines += [f"another process publishes: {lease['holder']}"] if lease and not lease["is_ours"] else []
    lines += [f"paused: {', '.join(paused)}"] if paused else []
    memory = snapshot.get("memory")
    lines += [f"memory {memory['level']}: {memory['used_mb']}/{memory['limit_mb']} MB"] if memory else []
    return lines + [f"waiting: {job} ({reason})" for job, reason in snapshot["waiting"].items()]


def _of_pause(pause: Mapping[str, Any]) -> str:
    return f"pause of {pause['name']}: {Pause(**pause).terms()}"


def _of_ledger(ledger: Mapping[str, Any], now: datetime) -> list[str]:
    pool, measuring = ledger["pool"], ledger["measuring"]
    words = f", {pool['judged_by_words']} of them judged by words" if pool["judged_by_words"] else ""
    lines = _of_health(ledger["health"], now)
    lines += [_lane_line(name, lane, now) for name, lane in ledger["lanes"].items()]
    lines.append(f"pool: {pool['pending']} posts to answer{words}, the newest {_ago(pool['newest'], now)}")
    lines.append(f"measured: {_share(measuring['measured'], measuring['posted'])} of the posts of the last two days")
    lines += [
        f"{lane} weights: version {row['version']} ({row['source']} from {row['outcomes']} outcomes)"
        for lane, row in ledger["weights"].items()
    ]
    return lines + _of_outcomes(ledger)


def _of_health(verdict: Row | None, now: datetime) -> list[str]:
    """Return the verdict on the whole with its first reason; nobody has judged yet, and nothing is said of it."""
    if verdict is None:
        return []
    more = f", and {verdict['others']} more" if verdict["others"] else ""
    reason = f": {escape(clip(verdict['reason'], _ERROR_SHOWN))}{more}" if verdict["reason"] else ""
    figures = f"score {verdict['score']:.0f}, judged {_ago(verdict['judged_at'], now)}"
    return [f"health: {verdict['level']} ({figures}){reason}"]


def _of_outcomes(ledger: Mapping[str, Any]) -> list[str]:
    lines = []
    if (trend := ledger["followers"]) is not None:
        jumped = ", the level has jumped" if trend["has_jumped"] else ""
        lines.append(
            f"followers: {trend['followers']}, {trend['per_day']:+.1f} a day"
            f" ({trend['low']:+.1f} to {trend['high']:+.1f}){jumped}"
        )
        if trend["background"] is not None:
            gross = trend["background"] + (trend["credited"] or 0.0)
            lines.append(f"new followers of a day: {gross:.1f}, {trend['background']:.1f} of them without us")
    if (calibration := ledger["calibration"]) is not None:
        alarm = ": predictions are off" if calibration["is_alarming"] else ""
        lines.append(
            f"predictions: {calibration['coverage']:.0%} of {calibration['outcomes']} lay in their 80 % interval{alarm}"
        )
    if (effect := ledger["replying"]) is not None:
        lines.append(
            f"answering: {effect['effect']:+.3f} follows of an author"
            f" ({effect['low']:+.3f} to {effect['high']:+.3f}; {effect['assigned']} answered, {effect['held_out']} not)"
        )
    if (shadow := ledger["shadow"]) is not None:
        lines.append(f"shadow: {shadow['drawn']} simulated outcomes, {shadow['engagement']:.1f} reactions each")
    return lines


def _lane_line(name: str, lane: Row, now: datetime) -> str:
    doubt = f", {lane['in_doubt']} in doubt" if lane["in_doubt"] else ""
    return (
        f"{name}: {lane['queued']} queued{doubt}, last {_ago(lane['last_posted'], now)}, "
        f"{lane['of_hour']}/{lane['hour_cap']} this hour, {lane['of_day']}/{lane['day_cap']} this day"
    )


def _ago(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "never"
    age = max(now - at, timedelta())
    return f"{format_duration(age - age % _SECOND)} ago"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.0%})" if whole else "0 of 0"


def jobs_view(snapshot: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """Return what `jobs` answers, as lines and as a document."""
    lines = []
    for name, due in sorted(snapshot["next_due"].items()):
        state = snapshot["jobs"].get(name)
        last = f"{state['last_outcome']} {state['last_reason']}".strip() if state else "never ran"
        lines.append(f"{name}: due {due:%H:%M:%S}, last {last}")
    return lines, {"next_due": snapshot["next_due"], "last": snapshot["jobs"]}
