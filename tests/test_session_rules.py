"""Rules about the login that no linter knows: nobody writes a session, and our handle is written in one place."""

from __future__ import annotations

import ast
import re

from actors.config import Config
from tests.test_house_rules import ROOT, SOURCES, calls_in, name_of, tree_of

# The outside world in miniature keeps the sessions of its own users.
OUTSIDE = "actors/sandbox/"
OURS = [path for path in SOURCES if not name_of(path).startswith(OUTSIDE)]
TEXTS = [
    path for path in (ROOT / "actors").rglob("*") if path.suffix in {".py", ".js", ".sql", ".toml", ".html", ".json"}
]
WRITES_A_SESSION = ("storage_state", "add_cookies", "clear_cookies", "set_storage_state", "set_extra_http_headers")
HANDLE = re.compile(r"\b(account|author|handle|replying_to)\b")
FOLDED = re.compile(r"\.(lower|casefold)\(\)")


def test_e2_no_code_reads_a_session_out_of_a_context_or_writes_one_into_it() -> None:
    calls = [
        f"{name_of(path)}:{call.lineno}"
        for path in OURS
        for name, call in calls_in(path)
        if name.rpartition(".")[2] in WRITES_A_SESSION
    ]

    assert calls == []


def test_e2_a_session_enters_at_one_place() -> None:
    given = [
        name_of(path)
        for path in OURS
        for _, call in calls_in(path)
        if any(keyword.arg in ("storage_state", "user_data_dir") for keyword in call.keywords)
    ]

    assert given == ["actors/resources/browser_worker.py"]


def test_e2_no_script_in_a_page_touches_cookies() -> None:
    scripts = [path for path in TEXTS if path.suffix == ".js" and not name_of(path).startswith(OUTSIDE)]

    assert scripts
    assert [name_of(path) for path in scripts if re.search(r"cookie", path.read_text(encoding="utf-8"))] == []


def test_e5_our_handle_is_written_in_the_configuration_only() -> None:
    handle = Config().platform.account
    written = [name_of(path) for path in TEXTS if handle in path.read_text(encoding="utf-8").lower()]

    assert [name for name in written if not name.startswith(OUTSIDE)] == ["actors/config/sections.py"]


def test_e5_handles_are_compared_without_regard_to_case() -> None:
    compared, strict = 0, []
    for path in OURS:
        for node in ast.walk(tree_of(path)):
            equality = ast.Eq | ast.NotEq | ast.In | ast.NotIn
            if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], equality):
                continue
            sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
            if any(HANDLE.search(side) for side in sides):
                compared += 1
                if not all(FOLDED.search(side) for side in sides):
                    strict.append(f"{name_of(path)}:{node.lineno}: {ast.unparse(node)}")

    assert compared
    assert strict == []
