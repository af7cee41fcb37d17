"""`check`: a doctor for the set-up. One line per dependency, a proof of the schedule, what to do; starts nothing."""

from __future__ import annotations

import http.client
import json
import os
import sys
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from actors.commands.audit import audit_sentence
from actors.commands.check_build import running_build
from actors.commands.check_operation import LOOKS, Advice
from actors.commands.check_redis import redis_standing
from actors.commands.lengths import read_lengths
from actors.commands.loading import load_all
from actors.commands.proof import document_of, is_acceptable, print_proof, sentence_of, try_registry, try_scenario
from actors.domain.rules import PLATFORMS
from actors.embedded.chromium import find
from actors.embedded.postgres import EmbeddedPostgres
from actors.embedded.programs import find_postgres
from actors.errors import AppError
from actors.resources.database_trouble import remedy_of
from actors.runtime.build import build_id
from actors.simulation.scenario import read_scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.config import Config

_LIMIT_S = 5.0
_NO_HTTP = (OSError, http.client.HTTPException, ValueError)
"""What urllib raises when nobody is there, or nobody who speaks HTTP, or for a key that fits into no header."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one dependency."""

    name: str
    ok: bool
    found: str
    hint: str = ""


def check(
    *, data: Path | None, as_json: bool, scenario: Path | None = None, load: float = 1.0, expected: str | None = None
) -> int:
    """Print what is there, what is missing, and what the schedule comes to; return 0 if all is well, 1 if not.

    As JSON it is a list of findings. The last one, `schedule`, has a key more than the others: `proof`, with
    `feasible`, `verdict`, `utilisation`, `jobs`, `p0`, `lives` and `findings`.

    Args:
        data: the data directory, instead of the configured one.
        as_json: whether a program reads it.
        scenario: prove this scenario on the configured slots instead, and look at nothing else.
        load: factor on the lengths of browser jobs of P1 to P3.
        expected: the build that has to run now, `this` for the one of this program; None: any may, or none.

    Raises:
        ConfigError: the configuration or the scenario itself is refused.
    """
    config, jobs = load_all({"data.dir": str(data)} if data is not None else None)
    if scenario is not None:
        findings, note = [], ""
        proof = try_scenario(config, read_scenario(scenario, load))
    else:
        findings = _look_at_all(config, len(jobs), expected)
        history, note = read_lengths(config, jobs)
        proof = try_registry(config, jobs, history, load)
    advice = "; ".join(complaint.advice for complaint in proof.complaints)
    verdict = Finding("schedule", ok=is_acceptable(proof), found=sentence_of(proof), hint=advice)
    missing = [finding.name for finding in (*findings, verdict) if not finding.ok]
    if as_json:
        entries = [asdict(finding) for finding in findings] + [{**asdict(verdict), "proof": document_of(proof)}]
        json.dump(entries, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        console = Console()
        _print(console, findings)
        print_proof(console, proof)
        if note:
            console.print(note, style="dim")
        console.print(f"exit code 1: {', '.join(missing)}" if missing else "exit code 0: all is well", style="bold")
    return 1 if missing else 0


def _look_at_all(config: Config, jobs: int, expected: str | None) -> list[Finding]:
    findings = [Finding("configuration", ok=True, found=f"valid, {jobs} jobs, build {build_id()}")]
    looks: dict[str, Callable[[Config], str | Advice]] = {**_LOOKS, **LOOKS}
    looks["build"] = partial(running_build, expected=expected)
    for name, look in looks.items():
        try:
            told = look(config)
            advice = told if isinstance(told, Advice) else Advice(told)
            findings.append(Finding(name, ok=True, found=advice.found, hint=advice.hint))
        except AppError as error:
            findings.append(Finding(name, ok=False, found=error.message, hint=error.hint))
    return findings


def _print(console: Console, findings: list[Finding]) -> None:
    if not findings:
        return
    table = Table(show_header=False, box=None)
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")  # a path that is cut cannot be copied
    for finding in findings:
        mark = "[green]ok[/]" if finding.ok else "[red]missing[/]"
        found = escape(finding.found) + (f"\n[yellow]{escape(finding.hint)}[/]" if finding.hint else "")
        table.add_row(mark, finding.name, found)
    console.print(table)
    console.print()


def _data(config: Config) -> str:
    folder = config.data.dir.absolute()
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise AppError(f"{nearest} may not be written", "choose another data.dir, or change its owner")
    return str(folder) if folder.exists() else f"{folder} (will be made)"


def _chromium(config: Config) -> str:
    given = config.browser.executable
    browser = find({**os.environ, **({"CHROMIUM_PATH": str(given)} if given else {})})
    return f"{browser.path} ({browser.how})"


def _database(config: Config) -> str:
    if config.database.url is None:
        found = find_postgres(config.data.dir.absolute() / "postgres" / "cluster")
        url = EmbeddedPostgres(config.data.dir).running_url()
        return f"embedded, {found.postgres}" + (f", {_audit(url)}" if url is not None else "")
    try:
        with psycopg.connect(config.database.url.reveal(), connect_timeout=int(_LIMIT_S)) as connection:
            row = connection.execute("SHOW server_version").fetchone()
    except psycopg.Error as error:
        raise AppError(f"Postgres cannot be reached: {error}", remedy_of(str(error))) from error
    return f"yours, version {row[0] if row else 'unknown'}, {_audit(config.database.url.reveal())}"


def _audit(url: str) -> str:
    try:
        return audit_sentence(url)
    except psycopg.Error as error:
        raise AppError(f"the audit cannot be read: {error}", remedy_of(str(error))) from error


def _model(config: Config) -> str:
    if config.openai.api_key is None and config.openai.base_url is None:
        return "embedded, the sandbox's own"
    base_url = config.openai.base_url or "https://api.openai.com/v1"
    key = config.openai.api_key.reveal() if config.openai.api_key else ""
    request = urllib.request.Request(f"{base_url}/models", headers={"Authorization": f"Bearer {key}"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_LIMIT_S):  # noqa: S310 - http(s) only, checked by the configuration
            return f"yours, {base_url} answers"
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 403):
            raise AppError(f"{base_url} refuses the key ({error.code})", "check OPENAI_API_KEY") from error
        return f"yours, {base_url} answers ({error.code} to a list of models)"
    except _NO_HTTP as error:
        raise AppError(f"{base_url} cannot be reached: {error}", "check OPENAI_BASE_URL") from error


def _rules(config: Config) -> str:
    # What is against them ended the start of this command already: the configuration names each conflict.
    rules = PLATFORMS[config.platform.name]
    return f"{rules.name}: nothing is configured against its rules ({rules.drivers.source})"


def _platform(config: Config) -> str:
    if config.platform.url is None:
        return "embedded sandbox"
    try:
        with urllib.request.urlopen(config.platform.url, timeout=_LIMIT_S):  # noqa: S310 - as above
            return f"yours, {config.platform.url} answers"
    except _NO_HTTP as error:
        raise AppError(
            f"{config.platform.url} cannot be reached: {error}", "check PLATFORM_URL, start the sandbox"
        ) from error


_LOOKS: dict[str, Callable[[Config], str | Advice]] = {
    "data directory": _data,
    "Chromium": _chromium,
    "Postgres": _database,
    "Redis": redis_standing,
    "model": _model,
    "platform": _platform,
    "rules": _rules,
}
