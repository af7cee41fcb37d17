"""The difference between two configurations, key by key, and what of it a running process can take up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from actors.config.checks import cross_check
from actors.config.problems import Given
from actors.config.secret import Secret
from actors.config.sections import SECTIONS, Config, JobSettings
from actors.config.setting import raw, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LIVE_SECTIONS = ("learning", "replies", "insight")
"""Read by nobody but runs, each from the configuration that it was begun with: what is new counts from the next on."""
_LIVE_LOG = ("level", "verbose")
_NONE = "none"


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that is not as it was. The values are written for people; a secret's are not."""

    key: str
    before: str
    after: str

    @property
    def is_live(self) -> bool:
        """Whether a running process can take it up."""
        section, _, name = self.key.rpartition(".")
        return section in _LIVE_SECTIONS or (section == "log" and name in _LIVE_LOG)


def differences(before: Config, after: Config) -> tuple[Difference, ...]:
    """Return every key whose value differs, in the order of declaration, those of jobs last."""
    old, new = dict(_values(before)), dict(_values(after))
    keys = [*old, *(key for key in new if key not in old)]
    return tuple(
        Difference(key, _written(old.get(key, _NONE)), _written(new.get(key, _NONE)))
        for key in keys
        if old.get(key) != new.get(key)
    )


def with_live(before: Config, after: Config, environ: Mapping[str, str]) -> Config:
    """Return the first configuration with all of the second that a running process can take up.

    Args:
        before: in force.
        after: checked.
        environ: as to `load`.

    Raises:
        ValueError: the old and the new keys contradict each other; the message says which.
    """
    sections = {name: getattr(after, name) for name in _LIVE_SECTIONS}
    log = replace(before.log, **{name: getattr(after.log, name) for name in _LIVE_LOG})
    mixed = replace(before, log=log, **sections)
    for conflict in cross_check(mixed, environ, lambda key: key):
        raise ValueError(conflict.text)
    return mixed


def _values(config: Config) -> Iterator[tuple[str, Any]]:
    for section, owner in SECTIONS.items():
        held = getattr(config, section)
        yield from ((each.key, getattr(held, each.name)) for each in settings_of(section, owner))
    for name, job in config.jobs.items():
        yield from ((each.key, getattr(job, each.name)) for each in settings_of(f"jobs.{name}", JobSettings))


def _written(value: Any) -> str:
    text = Given("", raw(value), "").describe(is_secret=isinstance(value, Secret))
    return text.removeprefix(" = ").removesuffix(" ()")
