"""The command line: run (default) | check | jobs | status | why | send | session | simulate | tail | sandbox."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from actors.domain.duration import parse_duration
from actors.errors import AppError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

EXIT_FAILURE, EXIT_CONFIG, EXIT_PIPE = 1, 2, 141
_COMMANDS = ("run", "check", "jobs", "status", "why", "send", "session", "simulate", "tail", "sandbox")


def main(arguments: Sequence[str] | None = None) -> int:
    """Dispatch one command and return the exit code.

    0 done, 1 failed, 2 refused configuration or usage, 141 when nobody reads the output any more, as shells have it.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or (words[0] not in _COMMANDS and words[0] not in ("-h", "--help")):
        words.insert(0, "run")
    given = _parser().parse_args(words)
    try:
        code = _dispatch(given)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read has gone. Without this the interpreter would complain once more at its own last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE
    except ConfigError as error:
        sys.stderr.write(f"refused: {error}\n")
        return EXIT_CONFIG
    except AppError as error:
        sys.stderr.write(f"failed: {error}\n")
        return EXIT_FAILURE


def _dispatch(given: argparse.Namespace) -> int:
    # Each command imports what it needs, so that `jobs` does not wait for Playwright.
    match given.command:
        case "check":
            from actors.commands.check import check

            wanted = {"scenario": given.scenario, "load": given.load, "expected": given.expect}
            return check(data=given.data, as_json=given.json, **wanted)
        case "jobs":
            from actors.commands.jobs import jobs

            return jobs(as_json=given.json)
        case "status":
            from actors.commands.status import status

            return status(data=given.data, as_json=given.json)
        case "send":
            from actors.commands.send import send

            return send(given.word, data=given.data, as_json=given.json)
        case "why":
            from actors.commands.why import why

            return why(given.job, data=given.data, as_json=given.json)
        case "session":
            from actors.commands.session import import_session, show_session

            if given.does == "import":
                return import_session(given.file, data=given.data)
            return show_session(data=given.data, as_json=given.json)
        case "simulate":
            from actors.commands.simulate import simulate

            return simulate(given)
        case "tail":
            from actors.commands.tail import tail

            return tail(as_json=given.json)
        case "sandbox":
            from actors.commands.sandbox import sandbox

            return sandbox(given)
        case _:
            # Before the slow imports: the platform may replace a process in its first second.
            from actors.commands.ending import heard

            with heard() as ending:
                from actors.commands.door import make_door

                with make_door(given.data) as door:
                    from actors.commands.run import run

                    return run(door, ending, speed=given.speed, lasting=given.lasting, data=given.data)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="supervisor.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run everything (the default)")
    run.add_argument("--speed", type=_speed, default=1.0, help="schedule seconds in a real second (1)")
    run.add_argument("--for", dest="lasting", type=_duration, help="run that long in real time, then stop: 90s, 12m")
    run.add_argument("--data", type=Path, help="directory of everything that is kept (data.dir of the configuration)")
    check = commands.add_parser("check", help="say what is wrong, and prove the schedule, before anything starts")
    check.add_argument("--data", type=Path, help="as for run")
    check.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    check.add_argument("--scenario", type=Path, help="prove the jobs of this CSV file instead, and nothing else")
    check.add_argument("--load", type=_load, default=1.0, help="factor on the lengths of browser jobs behind P0 (1)")
    held = "fail unless the build that runs now is this one (that of this program)"
    check.add_argument("--expect", nargs="?", const="this", metavar="BUILD", help=held)
    jobs = commands.add_parser("jobs", help="list the jobs")
    jobs.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    status = commands.add_parser("status", help="tell how lanes, pool, measuring, weights and resources are")
    status.add_argument("--data", type=Path, help="as for run")
    status.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    send = commands.add_parser("send", help="say a control word to the running supervisor")
    send.add_argument(
        "word",
        nargs="+",
        help="status | jobs | why [JOB] | pause NAME [for 2h] [because TEXT] | resume NAME [because TEXT] | run JOB | "
        "kill-switch on|off | approve [DECISION] | reject DECISION | opt-out HANDLE | opted-out | "
        "breaker RESOURCE reset | restart ACTOR | loglevel LEVEL [LOGGER] | reload | "
        "drain | stacks | shutdown",
    )
    send.add_argument("--data", type=Path, help="as for run")
    send.add_argument("--json", action="store_true", help="the answer as one JSON document")
    _add_session(commands.add_parser("session", help="import the account's login, or tell of it"))
    _add_simulate(commands.add_parser("simulate", help="live days in seconds under a virtual clock, and report"))
    why = commands.add_parser("why", help="say why a job is not running, or why nothing is posted")
    why.add_argument("job", nargs="?", help="a job, or a name of the inventory; without one: why nothing is posted")
    why.add_argument("--data", type=Path, help="as for run")
    why.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    tail = commands.add_parser("tail", help="read a log from a pipe and show the state that its lines tell")
    tail.add_argument("--json", action="store_true", help="one JSON document at the end of input, instead of a page")
    sandbox = commands.add_parser("sandbox", help="serve the sandbox alone")
    sandbox.add_argument(
        "--port", type=int, required=True, help="TCP port on the loopback interface; 0 takes a free one"
    )
    sandbox.add_argument("--rather", type=int, default=0, help="which port to take under --port 0 if it is free")
    sandbox.add_argument("--announce", action="store_true", help="write the URL into the lock file on standard input")
    sandbox.add_argument("--data", type=Path, required=True, help="directory of its world and clock")
    sandbox.add_argument("--speed", type=_speed, default=1.0, help="schedule seconds in a real second (1)")
    sandbox.add_argument("--seed", type=int, default=1, help="decides background, audience and model (1)")
    sandbox.add_argument("--audience", type=Path, help="profile file of the audience")
    sandbox.add_argument("--anchor", help="one instant on both clocks: WALL_EPOCH:SCHEDULE_EPOCH")
    sandbox.add_argument("--account", default="commons_daily", help="handle of the operated account")
    return parser


def _add_session(session: argparse.ArgumentParser) -> None:
    does = session.add_subparsers(dest="does", required=True)
    taken = does.add_parser("import", help="store a login, sealed by SESSION_KEY")
    taken.add_argument("file", type=Path, metavar="FILE", help="a storage state as Playwright writes it (JSON)")
    taken.add_argument("--data", type=Path, help="as for run")
    shown = does.add_parser("show", help="tell version, age, and names and ends of cookies, never a value")
    shown.add_argument("--data", type=Path, help="as for run")
    shown.add_argument("--json", action="store_true", help="one JSON document instead of lines")


def _add_simulate(simulate: argparse.ArgumentParser) -> None:
    simulate.add_argument("--days", type=_days, default=1, help="days of schedule time (1)")
    simulate.add_argument("--seed", type=int, default=1, help="decides lengths, jitter and faults (1)")
    simulate.add_argument(
        "--scenario",
        type=Path,
        help="CSV file with the jobs, instead of the registered ones; see its columns in README",
    )
    simulate.add_argument("--load", type=_load, default=1.0, help="factor on the lengths of browser jobs behind P0 (1)")
    simulate.add_argument("--faults", action="store_true", help="inject crashes, hangs, outages and failures")
    simulate.add_argument("--unsliced", action="store_true", help="each run holds its context throughout")
    simulate.add_argument("--json", action="store_true", help="one JSON document instead of the report")
    simulate.add_argument("--log", type=Path, help="write every transition to this file, a line each")
    simulate.add_argument("--data", type=Path, help="as for run; lengths are read from the history kept there")


def _days(text: str) -> float:
    days = _number(text)
    if not 0.01 <= days <= 3660:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days; write one from 0.01 to 3660")
    return int(days) if days == int(days) else days


def _load(text: str) -> float:
    load = _number(text)
    if not 0 < load <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no load; write a number above 0, at most 100")
    return load


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.1 <= speed <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a speed; write a number from 0.1 to 10000")
    return speed


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
