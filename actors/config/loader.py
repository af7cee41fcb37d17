"""From a TOML file, the environment and the command line to a checked `Config`; the later of them wins."""

from __future__ import annotations

import re
import tomllib
from dataclasses import MISSING
from typing import TYPE_CHECKING, Any

from actors.config.checks import cross_check
from actors.config.problems import Given, nearest, printable, refusal
from actors.config.sections import SECTIONS, Config, JobSettings
from actors.config.setting import Setting, raw, read, settings_of
from actors.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, MutableMapping
    from pathlib import Path

PREFIX = "SUPERVISOR_"

# supervisord sets these in every program it starts; they are not meant for us.
_FOREIGN = frozenset(PREFIX + word for word in ("ENABLED", "SERVER_URL", "PROCESS_NAME", "GROUP_NAME"))
_JOB_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SECRETIVE = re.compile(r"key|token|secret|passw|url|credential", re.IGNORECASE)


def load(path: Path, environ: Mapping[str, str], overrides: Mapping[str, str] | None = None) -> Config:
    """Read and check the whole configuration.

    Args:
        path: the TOML file.
        environ: `SUPERVISOR_<SECTION>_<KEY>` overrides any key of the file; secrets and URLs come from their
            well-known variables only.
        overrides: dotted keys and texts from the command line; they win over both.

    Raises:
        ConfigError: with every problem found, a line each.
    """
    document = _read_file(path)
    loading = _Loading(document, path.name)
    loading.take_file(document)
    loading.take_environment(environ)
    loading.take_overrides(overrides or {})
    config = loading.build()
    conflicts = cross_check(config, environ, loading.describe)
    problems = [*loading.problems, *(each.text for each in conflicts if loading.broken.isdisjoint(each.keys))]
    if problems:
        raise refusal(problems)
    return config


def take_secrets(environ: MutableMapping[str, str]) -> tuple[str, ...]:
    """Remove the variables that hold secrets, so that no child inherits them; return the names of those removed."""
    secret = [each.variable for section in SECTIONS for each in settings_of(section, SECTIONS[section])
              if each.is_secret]
    return tuple(name for name in secret if environ.pop(name, None) is not None)


def secrets_of(config: Config) -> dict[str, str]:
    """Return the variables that `take_secrets` removed, with their texts: to load once more, and for nothing else."""
    found = ((each.variable, getattr(getattr(config, section), each.name))
             for section in SECTIONS for each in settings_of(section, SECTIONS[section]) if each.is_secret)
    return {variable: secret.reveal() for variable, secret in found if secret is not None}


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"there is no configuration file at {path}", "name one with --config") from None
    except OSError as error:
        raise ConfigError(f"the configuration file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 at byte {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}", "texts and durations need quotes") from None


class _Loading:
    """The state of one load: what is known, what was given, and what was wrong with it."""

    def __init__(self, document: Mapping[str, Any], file: str) -> None:
        self.file = file
        self.problems: list[str] = []
        self.broken: set[str] = set()
        self.given: dict[str, Given] = {}
        jobs = document.get("jobs")
        blocks = jobs.items() if isinstance(jobs, dict) else ()
        self.jobs = [name for name, block in blocks if isinstance(block, dict) and _JOB_NAME.fullmatch(name)]
        owners = {**SECTIONS, **{f"jobs.{name}": JobSettings for name in self.jobs}}
        self.known = {each.key: each for section, owner in owners.items() for each in settings_of(section, owner)}

    def describe(self, key: str) -> str:
        """Write a key with its value and origin, for a message."""
        declared = self.known[key]
        given = self.given.get(key, Given(key, raw(declared.default), "default"))
        return given.describe(is_secret=declared.is_secret)

    def take_file(self, document: Mapping[str, Any]) -> None:
        """Take every key of the file."""
        for section, name, value in self._walk(document):
            key = f"{section}.{name}"
            self._take(Given(key, value, self.file, is_text=False), self.known.get(key))

    def take_environment(self, environ: Mapping[str, str]) -> None:
        """Take the variables that are ours, and refuse those that look so."""
        variables = {each.variable: each.key for each in self.known.values()}
        misplaced = {each.usual_variable: each for each in self.known.values() if each.facts.variable}
        for name, text in sorted(environ.items()):
            given = Given(name, text, "environment")
            if name in variables:
                self.given[variables[name]] = given
            elif name.startswith(PREFIX) and name not in _FOREIGN:
                self._refuse(given, misplaced.get(name), variables)

    def take_overrides(self, overrides: Mapping[str, str]) -> None:
        """Take what the command line sets."""
        for key, text in overrides.items():
            self._take(Given(key, text, "command line"), self.known.get(key))

    def build(self) -> Config:
        """Read all that was given; what cannot be read keeps its default and is a problem."""
        values: dict[str, dict[str, Any]] = {}
        for key, declared in self.known.items():
            section = values.setdefault(declared.section, {})
            if key in self.given:
                self._read(declared, section)
            elif declared.default is MISSING:
                self.broken.add(key)
                self.problems.append(f"{key} is missing ({self.file}): {declared.facts.doc}")
        sections = {name: owner(**values.get(name, {})) for name, owner in SECTIONS.items()}
        return Config(**sections, jobs=dict(self._build_jobs(values)))

    def _build_jobs(self, values: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, JobSettings]]:
        required = [each.name for each in settings_of("jobs", JobSettings) if each.default is MISSING]
        for name in self.jobs:
            block = values[f"jobs.{name}"]
            if all(key in block for key in required):
                yield name, JobSettings(**block)

    def _read(self, declared: Setting, section: dict[str, Any]) -> None:
        given = self.given[declared.key]
        try:
            section[declared.name] = read(declared, given.value, is_text=given.is_text)
        except ValueError as error:
            self._complain(given, declared, str(error))

    def _walk(self, document: Mapping[str, Any]) -> Iterator[tuple[str, str, object]]:
        """Yield (section, key, value) of every key that stands in a known section."""
        for section, table in document.items():
            if section not in SECTIONS and section != "jobs":
                known = nearest(section, [*SECTIONS, "jobs"])
                self.problems.append(f"[{printable(section)}] ({self.file}): unknown section{known}")
            elif not isinstance(table, dict):
                given = Given(section, table, self.file)
                self.problems.append(f"{given.describe()}: must be a section, [{section}]")
            elif section == "jobs":
                yield from self._walk_jobs(table)
            else:
                yield from ((section, name, value) for name, value in table.items())

    def _walk_jobs(self, table: Mapping[str, Any]) -> Iterator[tuple[str, str, object]]:
        for name, block in table.items():
            if name in self.jobs:
                yield from ((f"jobs.{name}", key, value) for key, value in block.items())
            else:
                given = Given(f"jobs.{name}", block, self.file)
                self.problems.append(f"{given.describe()}: must be a section with a lower-case name, [jobs.name]")

    def _take(self, given: Given, declared: Setting | None) -> None:
        """Take a value given by its dotted key, unless that key is for the environment only."""
        if declared is None or declared.facts.variable:
            self._refuse(given, declared, [key for key, each in self.known.items() if not each.facts.variable])
        else:
            self.given[declared.key] = given

    def _refuse(self, given: Given, misplaced: Setting | None, known: Iterable[str]) -> None:
        # The name may promise a secret, and the message may end in a log.
        shown = given.describe(is_secret=bool(_SECRETIVE.search(given.name)))
        if misplaced:
            self.problems.append(f"{shown}: is not read from here; set the variable {misplaced.variable}")
        else:
            self.problems.append(f"{shown}: unknown key{nearest(given.name, known)}")

    def _complain(self, given: Given, declared: Setting, reason: str) -> None:
        self.broken.add(declared.key)
        self.problems.append(f"{given.describe(is_secret=declared.is_secret)}: {reason}")
