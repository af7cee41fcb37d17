"""The page that `tail` shows: one start of the supervisor, from the state that its lines told."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from actors.domain.duration import format_duration
from actors.domain.escaping import clip, describe, escape
from actors.domain.seal import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.console import RenderableType

    from actors.domain.log_state import Boot, LogState

COLUMNS = 100
"""Columns of the page where nobody says how many there are."""
_LEAST_NAME, _LEAST_BECAUSE, _GAP = 12, 12, 2
_MOST_PAUSES = 3
_LEAST_JOBS, _MOST_NEWS, _LEAST_NEWS = 3, 8, 3
_SILENT_S = 5.0
_SECOND = timedelta(seconds=1)
_LONGEST = 200
_GOOD, _BAD, _WORSE, _DIM = "green", "yellow", "bold red", "dim"
_OUTCOMES = {"done": _GOOD, "nothing": _DIM, "snooze": _DIM, "blocked": _BAD, "failed": _WORSE}
_LEVELS = {"warn": _BAD, "error": _WORSE}
_COUNTERS = ("done", "failed", "refused", "recalled", "revoked")


def page(
    state: LogState, *, width: int = COLUMNS, height: int | None = None, silent_s: float | None = None
) -> RenderableType:
    """Return the page.

    Args:
        state: what the lines told; nothing in it is trusted to be of any shape, or to be harmless on a terminal.
        width: columns that it may have.
        height: lines that it may have; None: as many as it takes.
        silent_s: how long ago the last line came; None: no more will come.
    """
    boot = state.current()
    if boot is None:
        return Text(f"no line of a supervisor yet ({state.foreign} others)", style=_DIM)
    head = [*_head(state, boot, silent_s), *_trouble(boot)]
    fronts = _fronts(boot)
    jobs = _Jobs(boot)
    news = list(_news(state.news, boot.boot))
    shown, told = len(jobs.names), min(len(news), _MOST_NEWS)
    if height is not None:
        room = height - len(head) - fronts.row_count - 7
        told = min(told, max(_LEAST_NEWS, room - shown))
        shown = min(shown, max(_LEAST_JOBS, room - told))
    gap = Text()
    tables: list[RenderableType] = [gap, fronts, gap, jobs.table(shown, width)] if boot.state else []
    return Group(*head, *tables, gap, *news[len(news) - told :])


def _head(state: LogState, boot: Boot, silent_s: float | None) -> Iterator[Text]:
    board, time = boot.state, _Time(boot)
    is_at_work = boot.phase in ("running", "ready")
    phase = "draining" if is_at_work and board.get("draining") is True else boot.phase
    line = Text.assemble(("supervisor ", "bold"), (boot.boot, "bold cyan"), f" {phase}")
    line.append(f": {_text(boot.step.removeprefix('start: '))}" if phase == "starting" and boot.step else "")
    if (uptime := time.uptime()) is not None:
        line.append(f", up {_length(uptime)}")
    line.append(f", build {_text(board['build'])}" if "build" in board else "")
    if time.now is not None:
        speed = board.get("speed")
        is_faster = isinstance(speed, int | float) and speed != 1
        line.append(f", schedule {time.now:%Y-%m-%d %H:%M}")
        line.append(f", {speed:g} times as fast" if is_faster else "")
    yield _one(line)
    if board:
        yield _one(Text(", ".join(_standing(board))))
    others = [each for each in state.boots.values() if each is not boot]
    log = f"log: {state.lines:,} lines, {_count(boot.missing, 'missing')}"
    log += f", {state.refused:,} whose seal does not fit LOG_KEY" if state.refused else ""
    log += f", {state.other_schema:,} of another schema than {SCHEMA}, not read" if state.other_schema else ""
    log += f", {sum(boot.dropped.values()):,} left out for being too many" if boot.dropped else ""
    heard = [f"{each.boot} {each.phase} at {each.time[11:19]}" for each in others]
    log += f", another start: {', '.join(heard)}" if others else ""
    known = "in part" if board else "unknown"
    whole = "state is whole" if boot.is_whole else f"state is {known} until the next heartbeat"
    sealed = "sealed" if boot.is_verified else "not sealed" if state.key else "seal unchecked (no LOG_KEY)"
    line = Text(f"{log}; {whole}, {sealed}", style=_DIM if boot.is_whole and not boot.missing else _BAD)
    if state.refused or state.other_schema:
        line.stylize(_WORSE)
    if silent_s is not None and silent_s > _SILENT_S:
        line.append(f"; no line for {_length(timedelta(seconds=silent_s))}", style=_BAD)
    yield _one(line)


def _standing(board: Mapping[str, Any]) -> Iterator[str]:
    lease, memory, actors = (_part(board, name) for name in ("lease", "memory", "actors"))
    if lease:
        other = _text(lease.get("holder"))[:8] if lease.get("left_s") else "nobody"
        yield f"{'this one' if lease.get('is_ours') else other} publishes (fence {_text(lease.get('fence'))})"
    if memory:
        yield f"memory {_text(memory.get('level'))} {_text(memory.get('used_mb'))}/{_text(memory.get('limit_mb'))} MB"
    if actors:
        running = sum(_part(actors, name).get("state") == "running" for name in actors)
        yield f"{running} of {len(actors)} actors run"
    restarts = sum(count for count in _part(board, "restarts").values() if isinstance(count, int))
    yield _count(restarts, "restarts")
    if letters := board.get("dead_letters"):
        yield f"{_text(letters)} dead letters"


def _trouble(boot: Boot) -> Iterator[Text]:
    board = boot.state
    actors, fronts, families = (_part(board, name) for name in ("actors", "fronts", "families"))
    ends = boot.phase in ("stopping", "stopped")
    down = [f"{_text(name)} {_text(state)}" for name in actors
            if (state := _part(actors, name).get("state")) != "running" and not ends]
    broken = [f"{_text(name)} {_text(state)}" for name in fronts
              if (state := _part(fronts, name).get("breaker")) not in ("closed", None)]
    closed = [_text(state) for name in fronts
              if (state := _part(fronts, name).get("condition")) not in ("", "valid", None)]
    pauses = [each for each in _items(board.get("pauses")) if isinstance(each, dict)]
    # Whoever knows of a pause knows its end, too; the families know its jobs alone.
    paused = [_text(job) for family in families for job in _items(_part(families, family).get("paused")) if not pauses]
    if board.get("kill_switch") is True:
        yield _one(Text("kill switch on: nothing is published", style=_WORSE))
    for title, names, style in (("not running", down, _WORSE), ("broken", broken, _WORSE), ("platform", closed, _WORSE),
                                ("paused", paused, _BAD)):
        if names:
            yield _one(Text(f"{title}: {', '.join(names)}", style=style))
    yield from map(_pause, pauses[:_MOST_PAUSES])
    if len(pauses) > _MOST_PAUSES:
        yield Text(f"and {len(pauses) - _MOST_PAUSES} more pauses", style=_BAD)


def _pause(pause: Mapping[str, Any]) -> Text:
    until = _moment(pause.get("until"))
    end = f"until {until:%Y-%m-%d %H:%M:%S} UTC" if until is not None else "until somebody resumes it"
    because = f" because {_text(pause.get('because'))}" if pause.get("because") else ""
    return _one(Text(f"paused: {_text(pause.get('name'))} {end}, by {_text(pause.get('by'))}{because}", style=_BAD))


def _fronts(boot: Boot) -> Table:
    table = Table(box=None, pad_edge=False, header_style=_DIM)
    for name in ("resource", "busy", "", "wait", "breaker", *_COUNTERS, "USD today"):
        table.add_column(name, justify="left" if name in ("resource", "busy", "breaker") else "right", no_wrap=True)
    fronts = _part(boot.state, "fronts")
    for name in fronts:
        front = _part(fronts, name)
        size, running, breaker = front.get("size"), front.get("running"), _text(front.get("breaker"))
        counters, spent = _part(front, "counters"), _part(front, "spent")
        money = sum(each for each in spent.values() if isinstance(each, int | float))
        table.add_row(
            Text(_text(name)),
            _bar(running, size),
            f"{_text(running)}/{_text(size)}",
            _text(front.get("waiting") or ""),
            Text(breaker, style=_GOOD if breaker == "closed" else _WORSE),
            *(_text(counters.get(each) or "") for each in _COUNTERS),
            f"{money:.2f}" if spent else "",
        )
    return table


def _bar(running: object, size: object) -> Text:
    if not isinstance(running, int) or not isinstance(size, int) or not 0 <= running <= size <= 16:
        return Text("")
    return Text.assemble(("■" * running, "cyan"), ("·" * (size - running), _DIM))


class _Jobs:
    """A row for each job: those that run first, then by when they are due."""

    def __init__(self, boot: Boot) -> None:
        board = boot.state
        self._time = _Time(boot)
        self._running, self._due, self._waiting, self._jobs = (
            _part(board, name) for name in ("running", "next_due", "waiting", "jobs")
        )
        families = _part(board, "families")
        self._paused = {str(job) for family in families for job in _items(_part(families, family).get("paused"))}
        self.names = sorted({*self._running, *self._due, *self._jobs}, key=self._place)

    def _place(self, name: str) -> tuple[bool, str, str]:
        return name not in self._running, str(self._due.get(name, "~")), name

    def table(self, most: int, width: int) -> Table:
        """Return the first rows, and how many are left out."""
        table = Table(box=None, pad_edge=False, header_style=_DIM)
        longest = max([_LEAST_NAME, *(len(_text(name)) for name in self.names)])
        widths = {"job": longest, "now": 15, "last": 18, "runs": 4, "missed": 6}
        widths["because"] = max(_LEAST_BECAUSE, width - sum(widths.values()) - _GAP * len(widths))
        for name, columns in widths.items():
            table.add_column(
                name,
                justify="right" if name in ("runs", "missed") else "left",
                no_wrap=True,
                width=columns,
                overflow="ellipsis",
            )
        for name in self.names[:most]:
            table.add_row(Text(_text(name)), *self._row(name))
        if len(self.names) > most:
            table.add_row(Text(f"and {len(self.names) - most} more", style=_DIM))
        return table

    def _row(self, name: str) -> tuple[Text, ...]:
        job = _part(self._jobs, name)
        word = _text(job.get("last_outcome"))
        last = Text(f"{word} {self._time.ago(job.get('last_ended_at'))}".strip(), style=_OUTCOMES.get(word, ""))
        streak = job.get("nothing_streak")
        reason, waits_for = _text(job.get("last_reason")), _text(self._waiting.get(name))
        times = f"{streak} times: " if isinstance(streak, int) and streak > 1 else ""
        return (
            self._now(name),
            last,
            Text(_text(job.get("runs") or "")),
            Text(_text(job.get("missed") or ""), style=_BAD),
            Text(waits_for, style=_BAD) if waits_for else Text(f"{times}{reason}" if reason else "", style=_DIM),
        )

    def _now(self, name: str) -> Text:
        if name in self._running:
            return Text(f"runs for {self._time.since(self._running[name])}", style="cyan")
        if name in self._paused or "all" in self._paused:
            return Text("paused", style=_BAD)
        if name in self._waiting:
            return Text("waits", style=_BAD)
        return Text(self._time.until(self._due.get(name)), style=_DIM)


class _Time:
    """What time it is for the supervisor, as far as its newest line says."""

    def __init__(self, boot: Boot) -> None:
        told, newest = _moment(boot.state_time), _moment(boot.time)
        self._passed = newest - told if told is not None and newest is not None else timedelta()
        self._uptime_s = boot.state.get("uptime_s")
        speed = boot.state.get("speed")
        schedule = _moment(boot.state.get("schedule_time"))
        self.now: datetime | None = None
        if schedule is not None and isinstance(speed, int | float) and 0 < speed <= 10_000:
            # A time behind the last there is comes of no line of ours.
            with suppress(OverflowError):
                self.now = schedule + self._passed * speed

    def uptime(self) -> timedelta | None:
        """Return how long it has been up, in real time."""
        seconds = self._uptime_s
        if not isinstance(seconds, int | float) or not 0 <= seconds < 1e9:
            return None
        return timedelta(seconds=seconds) + self._passed

    def since(self, moment: object) -> str:
        """Return how much schedule time has passed since a moment of it."""
        at = _moment(moment)
        return _length(self.now - at) if at is not None and self.now is not None else "?"

    def ago(self, moment: object) -> str:
        """Return the same as a person says it, or nothing."""
        return f"{self.since(moment)} ago" if _moment(moment) is not None else ""

    def until(self, moment: object) -> str:
        """Return how much schedule time is left until a moment of it."""
        at = _moment(moment)
        if at is None or self.now is None:
            return ""
        return f"in {_length(at - self.now)}" if at > self.now else "due"


def _news(lines: Iterable[Mapping[str, Any]], boot: str) -> Iterator[Text]:
    """Yield a line for each kind of news in a row, as the last of them said it, and how often it came.

    What operators say is told word by word, and news of another start with its name.
    """
    for _, same in groupby(lines, key=_kind):
        times = list(same)
        line, often = times[-1], f" (and {len(times) - 1} more)" if len(times) > 1 else ""
        why = [value for name in ("data", "error") if isinstance(value := line.get(name), str) and value]
        yield _one(Text.assemble(
            (f"{line['time'][11:19]} ", _DIM),
            (f"{line['level']:<5} ", _LEVELS.get(line["level"], _GOOD)),
            (f"{line['boot']} " if line["boot"] != boot else "", _DIM),
            escape(clip(line["message"], _LONGEST)),
            (often, _BAD),
            (escape(clip("".join(f" | {each}" for each in why), _LONGEST)), _DIM),
        ))  # fmt: skip


def _kind(line: Mapping[str, Any]) -> tuple[Any, ...]:
    is_word = line["action"] == "control_word"
    return line["boot"], line["level"], line["action"], line.get("job"), line["seq"] if is_word else 0


def _one(text: Text) -> Text:
    """Keep a text on one line of the page."""
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _length(length: timedelta) -> str:
    length = max(length, timedelta())
    # Of what lasts long, nobody counts the seconds.
    grain = _SECOND if length < timedelta(minutes=10) else timedelta(minutes=1)
    return format_duration(length - length % grain)


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number else f"none {what}" if what == "missing" else f"no {what}"


def _text(value: object) -> str:
    return "" if value is None else escape(clip(describe(value), _LONGEST))


def _part(state: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = state.get(name)
    return part if isinstance(part, dict) else {}


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
