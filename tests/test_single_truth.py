"""A limit that operators turn has one home, the configuration: no module keeps a figure of its own under its name."""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from actors.config.sections import SECTIONS, Config
from actors.config.setting import settings_of
from tests.test_house_rules import SOURCES, name_of, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME = "actors/config/sections.py"
OUTSIDE = "actors/sandbox/"
LIMITS = ("publishing", "browser", "database", "openai", "runs", "redis", "replies", "breaker", "supervision")
GENERAL = {"accounts", "connections", "period", "queue", "slots", "timeout"}
"""Names that mean something else elsewhere, too."""
OTHERS = {("actors/domain/supervision.py", "intensity")}
"""OTP's own default, for supervisors that are told no other."""


def keys() -> list[str]:
    return [each.name for section in LIMITS for each in settings_of(section, SECTIONS[section])]


def figures(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield every name that is given a number right where it is written: assignments, fields, defaults, keywords."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found = [(name, value)]
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found = [(name, value)]
            case ast.Call(keywords=keywords):
                found = [(each.arg or "", each.value) for each in keywords]
            case ast.arguments(args=args, defaults=defaults, kwonlyargs=only, kw_defaults=others):
                given = args[len(args) - len(defaults) :]
                found = [(arg.arg, value) for arg, value in zip(given, defaults, strict=True)]
                found += [(arg.arg, value) for arg, value in zip(only, others, strict=True) if value is not None]
            case _:
                continue
        for name, value in found:
            if is_figure(value):
                yield name.strip("_").lower(), node.lineno if hasattr(node, "lineno") else value.lineno


def is_figure(value: ast.expr) -> bool:
    """Whether it is a number or a duration as it is written; nothing (0) is no limit."""
    if isinstance(value, ast.Call) and ast.unparse(value.func).endswith("timedelta"):
        return any(is_figure(each) for each in (*value.args, *(keyword.value for keyword in value.keywords)))
    return isinstance(value, ast.Constant) and type(value.value) in (int, float) and value.value != 0


def test_k10_no_module_has_a_figure_under_the_name_of_a_limit_that_the_configuration_holds() -> None:
    wanted = set(keys()) - GENERAL
    strays = [
        f"{name_of(path)}:{line}: {name}"
        for path in SOURCES
        if name_of(path) != HOME and not name_of(path).startswith(OUTSIDE)
        for name, line in figures(tree_of(path))
        if name in wanted and (name_of(path), name) not in OTHERS
    ]

    assert strays == []


@pytest.mark.parametrize(
    "text",
    [
        "content_per_hour = 2",
        "def f(*, spacing=20): ...",
        "Rules(retire_after=50)",
        "_QUEUE_DEPTH: int = 6",
        "LEASE = timedelta(seconds=9)",
    ],
)
def test_k10_a_second_figure_is_found_wherever_it_is_written(text: str) -> None:
    assert {name for name, _ in figures(ast.parse(text))} & set(keys())


def test_k10_a_limit_of_publishing_is_declared_once() -> None:
    names = Counter(each.name for section in SECTIONS for each in settings_of(section, SECTIONS[section]))

    assert {each.name for each in settings_of("publishing", type(Config().publishing)) if names[each.name] > 1} <= {
        # One queue of each lane.
        "queue_depth"
    }
