"""The door for authors of jobs: what it finds, and what it refuses at import."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

import actors.jobs
from actors.domain.priority import Priority
from actors.errors import ConfigError
from actors.job import Nothing, find_jobs, job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

GOOD = '''
from actors.domain.priority import Priority
from actors.job import Nothing, job

@job(priority=Priority.P2, uses=("redis",))
def {name}(ctx):
    """Do nothing."""
    return Nothing("")
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ModuleType]]:
    """Return a maker of packages of jobs from the sources of their modules."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(**sources: str) -> ModuleType:
        for place, source in sources.items():
            family, _, name = place.partition("__")
            folder = tmp_path / "some_jobs" / family
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "__init__.py").touch()
            (tmp_path / "some_jobs" / "__init__.py").touch()
            (folder / f"{name}.py").write_text(source)
        return import_module("some_jobs")

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] == "some_jobs"]:
        del sys.modules[name]


def test_folder_and_file_are_family_and_name(package: Callable[..., ModuleType]) -> None:
    found = find_jobs(package(night__sweep=GOOD.format(name="sweep")))
    assert set(found) == {"sweep"}
    assert (found["sweep"].family, found["sweep"].priority, found["sweep"].uses) == ("night", Priority.P2, {"redis"})
    assert found["sweep"].summary == "Do nothing."


def test_the_shipped_jobs_are_found_with_an_inventory_name_each() -> None:
    found = find_jobs(actors.jobs)
    covered = [name for definition in found.values() for name in definition.covers]
    assert all(definition.covers for definition in found.values())
    assert len(set(covered)) == len(covered)


def test_d1_a_file_without_its_job_is_refused(package: Callable[..., ModuleType]) -> None:
    with pytest.raises(ConfigError, match="defines no job named sweep"):
        find_jobs(package(night__sweep="x = 1\n"))


def test_d5_a_function_named_otherwise_than_its_file_is_refused(package: Callable[..., ModuleType]) -> None:
    with pytest.raises(ConfigError, match="same name"):
        find_jobs(package(night__sweep=GOOD.format(name="mop")))


def test_two_jobs_of_one_name_are_refused(package: Callable[..., ModuleType]) -> None:
    source = GOOD.format(name="sweep")
    with pytest.raises(ConfigError, match="two jobs are named sweep"):
        find_jobs(package(night__sweep=source, day__sweep=source))


def test_a_dependency_on_nobody_is_refused(package: Callable[..., ModuleType]) -> None:
    head = "from datetime import timedelta\nfrom actors.job import After\n"
    source = head + GOOD.format(name="sweep").replace(
        'uses=("redis",)', 'after=(After("dusk", fresh=timedelta(hours=1)),)'
    )
    with pytest.raises(ConfigError, match="comes after dusk"):
        find_jobs(package(night__sweep=source))


def test_an_unknown_resource_is_refused() -> None:
    def sweep(ctx: object) -> Nothing:
        """Do nothing."""
        return Nothing("")

    sweep.__module__ = "family.sweep"
    with pytest.raises(ConfigError, match="printer"):
        job(priority=Priority.P2, uses=("printer",))(sweep)


def test_a_job_without_a_docstring_is_refused() -> None:
    def bare(ctx: object) -> Nothing:
        return Nothing("")

    bare.__module__ = "family.bare"
    with pytest.raises(ConfigError, match="docstring"):
        job(priority=Priority.P2)(bare)
