"""The report of `simulate` for people: a verdict, a table of the jobs, the day of the browser, and what was rare."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from actors.domain.duration import format_duration
from actors.domain.priority import Priority
from actors.domain.workload import P0_LIMIT_S
from actors.simulation.chart import CELLS, IDLE, MARKS, chart
from actors.simulation.summary import mean

if TYPE_CHECKING:
    from rich.console import Console

    from actors.simulation.house import House
    from actors.simulation.tally import JobTally

REPORT_WIDTH = 100
"""Columns that the report asks for; in a narrower terminal it leaves out what it can."""
_COLOURS = {Priority.P0: "bright_red", Priority.P1: "yellow", Priority.P2: "cyan", Priority.P3: "blue"}
_NUMBERS = ("every", "due", "runs", "missed", "wait", "longest")
_SHORT = {"browser": "browser", "database": "db", "redis": "redis", "openai": "model"}
_STYLES = {IDLE: "dim", **{mark: _COLOURS[priority] for priority, mark in MARKS.items()}}
_BAR = re.compile(f"[{''.join(_STYLES)}]{{{CELLS}}}")
_FIGURE = 6
_AT_ONCE_S = 0.05
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


def print_report(console: Console, house: House, document: dict[str, Any], note: str) -> None:
    """Print everything: prose and chart at most `REPORT_WIDTH` wide."""
    width = min(console.width, REPORT_WIDTH)
    console.print(Text.from_markup(" ".join([*_verdict(house, document), note])), width=width)
    console.print()
    console.print(_table(house, is_narrow=width < REPORT_WIDTH))
    console.print()
    _print_chart(console, house, width)
    if document["faults"] is not None:
        console.print()
        console.print(_rare(document), width=width)
    console.print(
        f"\n[dim]seed {document['seed']}, {document['log_lines']:,} log lines, sha256 {document['log_sha256']}[/]"
    )


def span(seconds: float) -> str:
    """Write seconds as a person would: 0s, 4.2s, 58s, 18m34s, 1h02m, 2d03h."""
    if seconds < 9.95:
        return f"{seconds:.1f}s" if seconds >= 0.05 else "0s"
    rounded = round(seconds)
    if rounded < _MINUTE_S:
        return f"{rounded}s"
    for unit, size, next_unit, next_size in (("m", _MINUTE_S, "s", 1), ("h", _HOUR_S, "m", _MINUTE_S)):
        if rounded < 60 * size and rounded < _DAY_S:
            return f"{rounded // size}{unit}{rounded % size // next_size:02d}{next_unit}"
    return f"{rounded // _DAY_S}d{rounded % _DAY_S // _HOUR_S:02d}h"


def _verdict(house: House, document: dict[str, Any]) -> list[str]:
    """Return the sentences of the one paragraph that matters."""
    p0, browser, jobs = document["p0"], document["browser"], document["jobs"]
    days = "One day" if document["days"] == 1 else f"{document['days']:g} days"
    sums = {key: sum(job[key] for job in jobs.values()) for key in ("due", "runs", "failed", "missed")}
    sentences = [f"[bold]{days} of {len(jobs)} jobs.[/]", _verdict_on_p0(p0)]
    lost = "".join(
        f", [bold red]{count} {word}[/]" if count and word != "failed" else f", {count or 'none'} {word}"
        for count, word in ((sums["failed"], "failed"), (sums["missed"], "missed"), (document["double_runs"], "twice"))
    )
    sentences.append(f"Of {sums['due']:,} slots {sums['runs']:,} were run to their end{lost}.")
    if document["lost_slots"] or document["over_capacity"]:
        sentences.append(
            f"[bold red]{document['lost_slots']} slots were forgotten, "
            f"a capacity was exceeded {document['over_capacity']} times.[/]"
        )
    by_class = ", ".join(f"P{p} {span(wait)}" for p, wait in browser["wait_by_priority"].items())
    worst = _worst(house)
    contexts = house.setting.fronts["browser"].size
    sentences.append(
        f"The browser's {contexts} contexts were busy {browser['utilisation']:.0%} of the time; "
        f"behind P0 its runs waited {span(browser['wait_mean'])} in the mean ({by_class}), 99 % at most "
        f"{span(browser['wait_p99'])}"
        + (f", the longest {span(browser['wait_max'])} ({worst.load.name})." if worst is not None else ".")
    )
    if not document["sliced"]:
        sentences.append("Each run held its context throughout.")
    if document["faults"] is not None:
        drained = span(document["faults"]["drained_after_s"])
        sentences.append(f"After the last fault all that was due was over within {drained}.")
    return sentences


def _verdict_on_p0(p0: dict[str, Any]) -> str:
    if not p0["runs"] and not p0["late"]:
        return "No P0 job is due."
    if p0["start_delay_max"] < _AT_ONCE_S:
        quick = "began the moment they were due"
    else:
        p99, most = span(p0["start_delay_p99"]), span(p0["start_delay_max"])
        quick = f"began within {p99} of being due in 99 % of cases, the slowest after {most}"
    if p0["held_by_dependencies"]:
        quick += (
            f" ({p0['held_by_dependencies']} held by what they come after, at most {span(p0['held_max'])}, not counted)"
        )
    if p0["failed"]:
        quick += f"; {p0['failed']:,} slots failed"
    if not p0["late"]:
        style = "bold yellow" if p0["failed"] else "bold green"
        return f"[{style}]P0 was on time[/]: all {p0['runs']:,} runs {quick}."
    blamed = "all" if p0["late"] == p0["late_in_faults"] else f"{p0['late_in_faults']} of them"
    blameless = f", {blamed} because what they need was down" if p0["late_in_faults"] else ""
    verdict = f"{p0['late']} slots began after {P0_LIMIT_S:g} s or never{blameless}"
    style = "bold yellow" if p0["late"] == p0["late_in_faults"] else "bold red"
    return f"[{style}]P0 was late: {verdict}[/]; {p0['runs']:,} runs {quick}."


def _worst(house: House) -> JobTally | None:
    """Return the browser job behind P0 whose run waited longest."""
    behind = [
        tally
        for tally in house.tally.jobs.values()
        if tally.waits and "browser" in tally.load.uses and tally.load.priority is not Priority.P0
    ]
    return max(behind, key=lambda tally: max(tally.waits), default=None)


def _table(house: House, *, is_narrow: bool) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    failed, uses = ["failed"] if house.with_faults else [], [] if is_narrow else ["uses"]
    for title in ("job", "", *uses, *_NUMBERS[:3], *failed, *_NUMBERS[3:], ""):
        is_number = title in (*_NUMBERS, "failed")
        # A name that is cut can still be told; a figure cannot.
        width = _FIGURE if is_number else None
        table.add_column(title, justify="right" if is_number else "left", no_wrap=True, min_width=width)
    tallies = sorted(house.tally.jobs.values(), key=lambda tally: tally.load.priority)
    worst = _worst(house)
    for tally in tallies:
        load, most, is_worst = tally.load, max(tally.waits, default=0.0), tally is worst
        used = " ".join(short for name, short in _SHORT.items() if name in load.uses)
        table.add_row(
            load.name,
            f"[{_COLOURS[load.priority]}]{load.priority.name}[/]",
            *([] if is_narrow else [used]),
            format_duration(load.every) if load.enabled else "off",
            f"{tally.due:,}",
            f"{len(tally.done):,}",
            *([_count(tally.failed, "yellow")] if failed else []),
            _count(tally.missed, "bold red"),
            span(mean(tally.waits)),
            f"[bold]{span(most)}[/]" if is_worst else span(most),
            "[bold]◂[/]" if is_worst else "",
        )
    return table


def _count(numbers: set[int], style: str) -> str:
    return f"[{style}]{len(numbers):,}[/]" if numbers else "0"


def _print_chart(console: Console, house: House, width: int) -> None:
    contexts = house.setting.fronts["browser"].size
    days = "" if house.days == 1 else f", mean of {house.days:g} days"
    console.print(
        f"[bold]The browser's day[/]{days}: a full bar is all {contexts} contexts for half an hour; "
        "to its right, how many runs wait.",
        highlight=False,
        width=width,
    )
    legend = (f"[{_COLOURS[priority]}]{mark}[/] {priority.name}" for priority, mark in MARKS.items())
    console.print("   ".join([*legend, f"[dim]{IDLE}[/] idle"]), highlight=False)
    for line in chart(house.tally.use, contexts, house.days, columns=2 if width >= REPORT_WIDTH else 1):
        console.print(_coloured(line), no_wrap=True, overflow="crop")


def _coloured(line: str) -> Text:
    """Colour the bars; the full height of a waiting column looks like P0 and is left alone."""
    text = Text(line)
    for part in _BAR.finditer(line):
        for offset, mark in enumerate(part[0], part.start()):
            text.stylize(_STYLES[mark], offset, offset + 1)
    return text


def _rare(document: dict[str, Any]) -> Padding:
    rare = {what: count for what, count in document["rare_paths"].items() if count}
    never = [what for what, count in document["rare_paths"].items() if not count]
    taken = ", ".join(f"{what.replace('_', ' ')} {count:,}" for what, count in rare.items())
    rest = f" Never: {', '.join(what.replace('_', ' ') for what in never)}." if never else ""
    return Padding(f"[bold]Rare paths taken:[/] {taken}.{rest}", 0)
