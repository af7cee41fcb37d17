"""The house rules that no linter knows, each with its exceptions by name."""

from __future__ import annotations

import ast
import configparser
import re
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*(ROOT / "actors").rglob("*.py"), ROOT / "supervisor.py"])
TESTS = sorted((ROOT / "tests").rglob("*.py"))

LINES_PER_MODULE = 400
LINES_PER_FUNCTION = 60
LINKS_IN_A_SENTENCE = 3
BANNED_NAMES = {"base", "common", "helpers", "manager", "misc", "utils"}

# Who speaks to the terminal: command lines and benchmarks.
MAY_PRINT = (
    "actors/commands/",
    "actors/embedded/setup.py",
    "supervisor.py",
    "tests/bench",
)

# Where each third-party library enters. Imports for the type checker alone are free.
HOMES = {
    "cryptography": ("actors/resources/envelope.py",),
    "h11": ("actors/dashboard/server.py",),
    "numpy": ("actors/domain/", "actors/sandbox/"),
    "openai": ("actors/resources/openai.py",),
    "playwright": ("actors/resources/browser.py", "actors/resources/browser_worker.py"),
    "prometheus_client": ("actors/dashboard/metrics.py",),
    "psutil": ("actors/embedded/", "actors/resources/browser_process.py"),
    "psycopg": ("actors/resources/database.py", "actors/commands/"),
    "psycopg_pool": ("actors/resources/database.py",),
    "pydantic": ("actors/insight/", "actors/jobs/", "actors/resources/openai.py"),
    "pykka": ("actors/runtime/",),
    "rapidfuzz": ("actors/domain/text.py",),
    "redis": ("actors/resources/redis.py", "actors/control/", "actors/commands/", "actors/app.py"),
    "rich": ("actors/embedded/setup.py", "actors/commands/"),
    "schedule": ("actors/runtime/clock.py",),
    "twitter_text": ("actors/domain/text.py",),
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions_in(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@cache
def calls_in(path: Path) -> list[tuple[str, ast.Call]]:
    """Return every call with the text of what is called, such as `time.sleep`."""
    return [(ast.unparse(node.func), node) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]


def calls_of(names: set[str], paths: list[Path]) -> list[str]:
    return [f"{name_of(path)}:{call.lineno}" for path in paths for name, call in calls_in(path) if name in names]


def imports_at_run_time(node: ast.AST) -> Iterator[str]:
    """Yield the top names that a module imports when it runs, those under TYPE_CHECKING left out."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import(names=names):
                yield from (alias.name.split(".")[0] for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.split(".")[0]
        yield from imports_at_run_time(child)


def sql_names() -> list[str]:
    files = (ROOT / "actors" / "sql").glob("*.sql")
    return [name for path in files for name in re.findall(r"^-- name: (\w+)$", path.read_text(), re.MULTILINE)]


def words_in_source() -> set[str]:
    """Return every string literal of the program."""
    return {
        node.value
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def job_files() -> list[Path]:
    return [path for path in sorted((ROOT / "actors" / "jobs").glob("*/*.py")) if path.name != "__init__.py"]


def test_a_module_has_at_most_400_lines() -> None:
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}

    assert {name: count for name, count in lines.items() if count > LINES_PER_MODULE} == {}


def test_a_function_has_at_most_60_lines() -> None:
    lines = {
        f"{name_of(path)}: {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in SOURCES
        for function in functions_in(path)
    }

    assert {name: count for name, count in lines.items() if count > LINES_PER_FUNCTION} == {}


def test_a_module_is_named_by_what_it_is() -> None:
    assert [name_of(path) for path in SOURCES + TESTS if BANNED_NAMES & {path.stem, path.parent.name}] == []


def test_no_module_at_the_packages_root_hides_one_of_the_standard_library() -> None:
    at_the_root = {path.stem for path in (ROOT / "actors").iterdir()}

    assert at_the_root & sys.stdlib_module_names == set()


def test_nobody_sleeps_but_waits_for_an_event_with_a_deadline() -> None:
    assert calls_of({"time.sleep", "sleep"}, SOURCES + TESTS) == []


def test_only_command_lines_print() -> None:
    silent = [path for path in SOURCES + TESTS if not name_of(path).startswith(MAY_PRINT)]

    assert calls_of({"print", "pprint", "pprint.pprint"}, silent) == []


def test_no_thread_waits_without_a_deadline() -> None:
    endless = []
    for path in SOURCES:
        awaits = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Await)]
        awaited = {inner for node in awaits for inner in ast.walk(node)}
        for name, call in calls_in(path):
            has_limit = call.args or call.keywords
            if name.endswith((".wait", ".join", ".acquire")) and not has_limit and call not in awaited:
                endless.append(f"{name_of(path)}:{call.lineno}")

    assert endless == []


def test_a_third_party_library_enters_in_its_home_only() -> None:
    ours = {"actors", "supervisor"}
    strays = {
        f"{library} in {name_of(path)}"
        for path in SOURCES
        for library in set(imports_at_run_time(tree_of(path))) - sys.stdlib_module_names - ours
        if not name_of(path).startswith(HOMES.get(library, ("no home yet",)))
    }

    assert strays == set()


def test_no_home_stands_empty() -> None:
    settled = {(library, name_of(path)) for path in SOURCES for library in imports_at_run_time(tree_of(path))}

    for library in HOMES:
        assert any(library == name for name, _ in settled), f"{library} is imported nowhere: drop it"


def test_every_named_query_is_defined_once_and_used() -> None:
    names = sql_names()

    assert len(names) == len(set(names))
    assert set(names) - words_in_source() == set()


def test_every_statement_names_a_defined_query() -> None:
    used = {
        call.args[0].value
        for path in SOURCES
        for name, call in calls_in(path)
        if name.split(".")[-1] == "Statement" and call.args and isinstance(call.args[0], ast.Constant)
    }

    assert used - set(sql_names()) == set()


@pytest.mark.parametrize("path", job_files(), ids=name_of)
def test_a_job_is_one_function_a_docstring_a_block_and_a_test(path: Path) -> None:
    jobs = [
        function
        for function in functions_in(path)
        if any(ast.unparse(decorator).startswith("job(") for decorator in function.decorator_list)
    ]
    blocks = tomllib.loads((ROOT / "config.toml").read_text())["jobs"]

    assert [function.name for function in jobs] == [path.stem]
    assert ast.get_docstring(jobs[0])
    assert path.stem in blocks
    assert list((ROOT / "tests" / "jobs").rglob(f"test_*{path.stem}*.py"))


def test_a_tests_name_is_a_sentence() -> None:
    names = [function.name for path in TESTS for function in functions_in(path) if function.name.startswith("test")]

    assert names
    assert [name for name in names if name.count("_") < LINKS_IN_A_SENTENCE] == []


def test_no_two_test_files_share_a_name() -> None:
    names = [path.name for path in TESTS if path.name.startswith("test_")]

    assert sorted(names) == sorted(set(names))


def test_the_lock_files_pin_every_requirement_by_hash_and_name_no_index() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    wanted = {
        "requirements.lock": setup["options"]["install_requires"],
        "requirements-dev.lock": setup["options"]["install_requires"] + setup["options.extras_require"]["dev"],
    }
    for file, requirements in wanted.items():
        lock = (ROOT / file).read_text()
        blocks = re.split(r"^(?=[a-z0-9-]+==)", lock, flags=re.MULTILINE)[1:]
        pinned = {block.split("==")[0] for block in blocks}
        assert {re.split(r"[\[>=]", line)[0] for line in requirements.split()} - pinned == set()
        assert [block.split("==")[0] for block in blocks if "--hash=sha256:" not in block] == []
        assert "://" not in lock, "an index belongs to the machine, not to the lock"
