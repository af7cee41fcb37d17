"""The README tells the truth: its table, its tree, its words and its example are held against the program."""

from __future__ import annotations

import configparser
import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import actors.jobs
from actors.config import Needs, check_jobs, config_table, load
from actors.control.words import WORDS
from actors.domain.outcome import Done, Nothing
from actors.job import Job, find_jobs

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
LARGEST_PICTURE_BYTES = 200_000


def section(title: str) -> str:
    """Return what stands under a heading of the second level."""
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def block(language: str, title: str) -> str:
    """Return the first code block of this language under a heading."""
    found = re.search(rf"```{language}\n(.*?)```", section(title), re.DOTALL)
    assert found
    return found[1]


def test_the_configuration_table_is_the_one_that_the_declarations_give() -> None:
    written = re.search(r"<!-- configuration: .*? -->\n\n(.*?)\n<!-- end of configuration -->", README, re.DOTALL)
    assert written
    assert written[1].strip() == config_table().strip()


def test_every_direct_dependency_has_its_line_and_no_other_library_has_one() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    direct = re.findall(r"^[a-z0-9-]+", setup["options"]["install_requires"], re.MULTILINE)
    assert direct
    assert sorted(re.findall(r"^\| `([a-z0-9-]+)` \|", section("Dependencies"), re.MULTILINE)) == sorted(direct)


def test_the_tree_shows_every_folder_and_module_of_actors() -> None:
    tree = block("", "The tree")
    packages = [each.parent for depth in ("*", "jobs/*") for each in (ROOT / "actors").glob(f"{depth}/__init__.py")]
    modules = [each.name for each in (ROOT / "actors").glob("*.py") if each.name != "__init__.py"]
    for name in [*(f"{package.name}/" for package in packages), *modules]:
        assert re.search(rf"^ +{re.escape(name)} ", tree, re.MULTILINE), name


def test_every_control_word_is_explained() -> None:
    shown = re.findall(r"`([a-z-]+)[^`]*`", "".join(re.findall(r"^\|(.*?)\|", section("Operating it"), re.MULTILINE)))
    assert set(WORDS) <= set(shown)


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)\)", README))
def test_every_link_leads_to_a_file_and_pictures_are_small(target: str) -> None:
    if not target.startswith("http"):
        assert (ROOT / target).stat().st_size < LARGEST_PICTURE_BYTES


def example() -> Job:
    """Return the job that the README defines, made where it says that its file is."""
    code = block("python", "Add a job")
    place = re.match(r"# (actors/jobs/\w+/\w+)\.py\n", code)
    assert place
    module = {"__name__": place[1].replace("/", ".")}
    exec(compile(code, "README.md", "exec"), module)
    defined: Any = module[place[1].rpartition("/")[2]]
    return defined


def test_the_example_job_is_accepted_with_its_block(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text((ROOT / "config.toml").read_text(encoding="utf-8") + block("toml", "Add a job"), encoding="utf-8")
    job = example()
    jobs = (*find_jobs(actors.jobs).values(), job)
    check_jobs(load(file, {}), {each.name: Needs(each.stages, each.uses) for each in jobs})


@pytest.mark.parametrize(
    ("rows", "outcome"), [([{"decision_id": "d1"}], Done({"late": 1})), ([], Nothing("nothing is late"))]
)
def test_the_example_job_does_what_it_says(rows: list[dict[str, str]], outcome: object) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    asked = []

    def answer(query: str, **params: Any) -> list[dict[str, str]]:
        asked.append((query, params["now"]))
        return rows

    ctx: Any = SimpleNamespace(now=lambda: now, database=SimpleNamespace(all=answer))
    assert example().body(ctx) == outcome
    assert asked == [("due_decisions", now.replace(hour=11))]
