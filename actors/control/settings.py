"""The settings in force: `loglevel` and `reload` change what a running process can take up, and say what it cannot."""

from __future__ import annotations

import difflib
import logging
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from actors import log
from actors.config import differences, with_live

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.config import Config, Difference


@dataclass(slots=True)
class Settings:
    """Called in the operator's thread only; outlives the operator's actor."""

    config: Callable[[], Config]
    """The configuration in force."""
    read_again: Callable[[], Config]
    """Returns what the file says now, checked; raises `ConfigError` with every fault."""
    adopt: Callable[[Config], None]
    """Puts a configuration in force for every run that begins from now on."""
    tuned: set[str] = field(default_factory=set)
    """Loggers that were given a level of their own."""

    def set_level(self, level: Any, name: str = "") -> tuple[bool, str]:
        """Let our loggers, or one of whatever name, write from this level on; return whether, and an answer."""
        if not name:
            config = self.config()
            self._take_up(replace(config, log=replace(config.log, level=level)))
            return True, f"the log has everything from {level} on{_kept(level)}, until `reload` or a new process"
        known = [*logging.root.manager.loggerDict]
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            return False, f"no logger {name!r}" + (f"; nearest known: {near[0]}" if near else "")
        self.tuned.add(name)
        log.set_level(name, level)
        return True, f"{name} writes from {level} on{_kept(level)}, until `loglevel LEVEL`, `reload` or a new process"

    def reload(self) -> list[str]:
        """Read the configuration again, take up what can be, and return what differs, a line each.

        Raises:
            ConfigError: it is refused; everything stays as it is.
        """
        before, after = self.config(), self.read_again()
        found = differences(before, after)
        try:
            self._take_up(with_live(before, after, os.environ))
        except ValueError as conflict:
            return [f"nothing is taken up without a restart: {conflict}", *(_line(each, "waits") for each in found)]
        if not found:
            return ["the configuration is as it was"]
        live = sum(each.is_live for each in found)
        head = f"{live} of {len(found)} differences are in force, the others need a restart"
        return [head, *(_line(each, _when(each.key) if each.is_live else "needs a restart") for each in found)]

    def _take_up(self, config: Config) -> None:
        log.set_levels(config.log, before=(*self.config().log.verbose, *self.tuned))
        self.tuned.clear()
        self.adopt(config)


def _kept(level: str) -> str:
    """Return what such a level leaves as it is, for the answer."""
    is_above = log.LEVELS[level] > logging.INFO
    return " (the state, P0, words and answers are written all the same)" if is_above else ""


def _line(each: Difference, what: str) -> str:
    return f"{each.key}: {each.before} -> {each.after} ({what})"


def _when(key: str) -> str:
    return "in force" if key.startswith("log.") else "in force for runs that begin from now on"
