"""The page that `tail` shows: one start of the supervisor, from the state that its lines told."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from actors.commands.tail_jobs import Jobs
from actors.commands.tail_values import (
    BAD,
    DIM,
    GOOD,
    LONGEST,
    WORSE,
    Time,
    counted,
    items_of,
    length_of,
    moment_of,
    part_of,
    safe,
)
from actors.domain.escaping import clip, escape
from actors.domain.seal import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.console import RenderableType

    from actors.domain.log_state import Boot, LogState

COLUMNS = 100
"""Columns of the page where nobody says how many there are."""
_MOST_PAUSES = 3
_LEAST_JOBS, _MOST_NEWS, _LEAST_NEWS = 3, 8, 3
_SILENT_S = 5.0
_LEVELS = {"warn": BAD, "error": WORSE}
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
        return Text(f"no line of a supervisor yet ({state.foreign} others)", style=DIM)
    head = [*_head(state, boot, silent_s), *_trouble(boot)]
    fronts = _fronts(boot)
    jobs = Jobs(boot)
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
    board, time = boot.state, Time(boot)
    is_at_work = boot.phase in ("running", "ready")
    phase = "draining" if is_at_work and board.get("draining") is True else boot.phase
    line = Text.assemble(("supervisor ", "bold"), (boot.boot, "bold cyan"), f" {phase}")
    line.append(f": {safe(boot.step.removeprefix('start: '))}" if phase == "starting" and boot.step else "")
    if (uptime := time.uptime()) is not None:
        line.append(f", up {length_of(uptime)}")
    line.append(f", build {safe(board['build'])}" if "build" in board else "")
    if time.now is not None:
        speed = board.get("speed")
        is_faster = isinstance(speed, int | float) and speed != 1
        line.append(f", schedule {time.now:%Y-%m-%d %H:%M}")
        line.append(f", {speed:g} times as fast" if is_faster else "")
    yield _one(line)
    if board:
        yield _one(Text(", ".join(_standing(board))))
    others = [each for each in state.boots.values() if each is not boot]
    log = f"log: {state.lines:,} lines, {counted(boot.missing, 'missing')}"
    log += f", {state.refused:,} whose seal does not fit LOG_KEY" if state.refused else ""
    log += f", {state.other_schema:,} of another schema than {SCHEMA}, not read" if state.other_schema else ""
    log += f", {sum(boot.dropped.values()):,} left out for being too many" if boot.dropped else ""
    heard = [f"{each.boot} {each.phase} at {each.time[11:19]}" for each in others]
    log += f", another start: {', '.join(heard)}" if others else ""
    known = "in part" if board else "unknown"
    whole = "state is whole" if boot.is_whole else f"state is {known} until the next heartbeat"
    sealed = "sealed" if boot.is_verified else "not sealed" if state.key else "seal unchecked (no LOG_KEY)"
    line = Text(f"{log}; {whole}, {sealed}", style=DIM if boot.is_whole and not boot.missing else BAD)
    if state.refused or state.other_schema:
        line.stylize(WORSE)
    if silent_s is not None and silent_s > _SILENT_S:
        line.append(f"; no line for {length_of(timedelta(seconds=silent_s))}", style=BAD)
    yield _one(line)


def _standing(board: Mapping[str, Any]) -> Iterator[str]:
    lease, memory, actors = (part_of(board, name) for name in ("lease", "memory", "actors"))
    if lease:
        other = safe(lease.get("holder"))[:8] if lease.get("left_s") else "nobody"
        yield f"{'this one' if lease.get('is_ours') else other} publishes (fence {safe(lease.get('fence'))})"
    if memory:
        yield f"memory {safe(memory.get('level'))} {safe(memory.get('used_mb'))}/{safe(memory.get('limit_mb'))} MB"
    if actors:
        running = sum(part_of(actors, name).get("state") == "running" for name in actors)
        yield f"{running} of {len(actors)} actors run"
    restarts = sum(count for count in part_of(board, "restarts").values() if isinstance(count, int))
    yield counted(restarts, "restarts")
    if letters := board.get("dead_letters"):
        yield f"{safe(letters)} dead letters"


def _trouble(boot: Boot) -> Iterator[Text]:
    board = boot.state
    actors, fronts, families = (part_of(board, name) for name in ("actors", "fronts", "families"))
    ends = boot.phase in ("stopping", "stopped")
    down = [f"{safe(name)} {safe(state)}" for name in actors
            if (state := part_of(actors, name).get("state")) != "running" and not ends]
    broken = [f"{safe(name)} {safe(state)}" for name in fronts
              if (state := part_of(fronts, name).get("breaker")) not in ("closed", None)]
    closed = [safe(state) for name in fronts
              if (state := part_of(fronts, name).get("condition")) not in ("", "valid", None)]
    pauses = [each for each in items_of(board.get("pauses")) if isinstance(each, dict)]
    # Whoever knows of a pause knows its end, too; the families know its jobs alone.
    of_families = [] if pauses else [items_of(part_of(families, family).get("paused")) for family in families]
    paused = [safe(job) for jobs in of_families for job in jobs]
    if board.get("kill_switch") is True:
        yield _one(Text("kill switch on: nothing is published", style=WORSE))
    for title, names, style in (("not running", down, WORSE), ("broken", broken, WORSE), ("platform", closed, WORSE),
                                ("paused", paused, BAD)):
        if names:
            yield _one(Text(f"{title}: {', '.join(names)}", style=style))
    yield from map(_pause, pauses[:_MOST_PAUSES])
    if len(pauses) > _MOST_PAUSES:
        yield Text(f"and {len(pauses) - _MOST_PAUSES} more pauses", style=BAD)


def _pause(pause: Mapping[str, Any]) -> Text:
    until = moment_of(pause.get("until"))
    end = f"until {until:%Y-%m-%d %H:%M:%S} UTC" if until is not None else "until somebody resumes it"
    because = f" because {safe(pause.get('because'))}" if pause.get("because") else ""
    return _one(Text(f"paused: {safe(pause.get('name'))} {end}, by {safe(pause.get('by'))}{because}", style=BAD))


def _fronts(boot: Boot) -> Table:
    table = Table(box=None, pad_edge=False, header_style=DIM)
    for name in ("resource", "busy", "", "wait", "breaker", *_COUNTERS, "USD today"):
        table.add_column(name, justify="left" if name in ("resource", "busy", "breaker") else "right", no_wrap=True)
    fronts = part_of(boot.state, "fronts")
    for name in fronts:
        front = part_of(fronts, name)
        size, running, breaker = front.get("size"), front.get("running"), safe(front.get("breaker"))
        counters, spent = part_of(front, "counters"), part_of(front, "spent")
        money = sum(each for each in spent.values() if isinstance(each, int | float))
        table.add_row(
            Text(safe(name)),
            _bar(running, size),
            f"{safe(running)}/{safe(size)}",
            safe(front.get("waiting") or ""),
            Text(breaker, style=GOOD if breaker == "closed" else WORSE),
            *(safe(counters.get(each) or "") for each in _COUNTERS),
            f"{money:.2f}" if spent else "",
        )
    return table


def _bar(running: object, size: object) -> Text:
    if not isinstance(running, int) or not isinstance(size, int) or not 0 <= running <= size <= 16:
        return Text("")
    return Text.assemble(("■" * running, "cyan"), ("·" * (size - running), DIM))


def _news(lines: Iterable[Mapping[str, Any]], boot: str) -> Iterator[Text]:
    """Yield a line for each kind of news in a row, as the last of them said it, and how often it came.

    What operators say is told word by word, and news of another start with its name.
    """
    for _, same in groupby(lines, key=_kind):
        times = list(same)
        line, often = times[-1], f" (and {len(times) - 1} more)" if len(times) > 1 else ""
        why = [value for name in ("data", "error") if isinstance(value := line.get(name), str) and value]
        yield _one(Text.assemble(
            (f"{line['time'][11:19]} ", DIM),
            (f"{line['level']:<5} ", _LEVELS.get(line["level"], GOOD)),
            (f"{line['boot']} " if line["boot"] != boot else "", DIM),
            escape(clip(line["message"], LONGEST)),
            (often, BAD),
            (escape(clip("".join(f" | {each}" for each in why), LONGEST)), DIM),
        ))  # fmt: skip


def _kind(line: Mapping[str, Any]) -> tuple[Any, ...]:
    is_word = line["action"] == "control_word"
    return line["boot"], line["level"], line["action"], line.get("job"), line["seq"] if is_word else 0


def _one(text: Text) -> Text:
    """Keep a text on one line of the page."""
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
