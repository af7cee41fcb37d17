"""No file that is kept gives access to anything: what a scan before a commit would refuse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.test_house_rules import ROOT, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What .gitignore keeps out of the repository, by the name of its folder or its ending, and binary pictures.
KEPT_OUT = {".git", ".venv", "data", "build", "mutants", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache",
            ".import_linter_cache", ".hypothesis"}  # fmt: skip
ENDINGS = (".pyc", ".png", ".ico", ".woff2", ".coverage")

SHAPES = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a key of a cloud": r"\bAKIA[0-9A-Z]{16}\b",
    "a token of a code host": r"\bgh[pousr]_[A-Za-z0-9]{30}",
    "a key of the model": r"\bsk-(?:proj-)?[A-Za-z0-9_-]{20}",
    "a token of a chat": r"\bxox[abprs]-[A-Za-z0-9-]{10}",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{8,200}\.eyJ[A-Za-z0-9_-]{8}",
    "a session": r"(?i)\b(?:auth_token|ct0|kdt)\b[^\n]{0,40}\b[0-9a-f]{32}",
    "a named secret": r"(?i)(?:password|secret|api_?key|token)[\"']?\s{0,2}[=:]\s{0,2}[\"']?[A-Za-z0-9+/_-]{24}",
    "a blob": r"[A-Za-z0-9+/]{200}",
    "a password in a URL": r"\b[a-z][a-z+]{1,20}://[^\s/@:\"'<>]{0,64}:[^\s/@\"'<>{}$]{4,200}@",
}
IN_TESTS = SHAPES.keys() - {"a password in a URL", "a named secret"}
"""Tests make up names and passwords, some of them to see that nobody shows them."""
SHOWS_SOME = re.compile(r"\b(redact\w*|Redaction|SHAPES)\b")
"""Whoever tests what blacks secrets out has to show some."""
FOR_EVERYBODY = {"actors/sandbox/session.py"}
"""The session that the sandbox hands out to whoever asks."""
MADE_UP = re.compile(r"(?i)test|never|example|(.)\1{9}")


def files() -> Iterator[Path]:
    """Yield every text file that is kept."""
    for path in sorted(ROOT.rglob("*")):
        parts = set(path.relative_to(ROOT).parts)
        if path.is_file() and not parts & KEPT_OUT and not path.name.endswith(ENDINGS) and not _is_made(path):
            yield path


def _is_made(path: Path) -> bool:
    return any(part.endswith(".egg-info") for part in path.parts)


def finds(text: str, *, is_test: bool = False) -> list[str]:
    """Return what in a text gives access to something, with its first characters."""
    return [
        f"{name}: {found[0][:12]}..."
        for name, shape in SHAPES.items()
        if not is_test or name in IN_TESTS
        for found in re.finditer(shape, text)
        if not is_test or not MADE_UP.search(found[0])
    ]


def test_k8_no_file_of_the_repository_gives_access_to_anything() -> None:
    found = {}
    for path in files():
        text = path.read_text(encoding="utf-8")
        name, is_test = name_of(path), path.is_relative_to(ROOT / "tests")
        if name in FOR_EVERYBODY or (is_test and SHOWS_SOME.search(text)):
            continue
        if secrets := finds(text, is_test=is_test):
            found[name] = secrets

    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA PRIVATE KEY-----",
        "key AKIAIOSFODNN7ABCDEFG",
        "ghp_" + "a1" * 18,
        "OPENAI_API_KEY=sk-proj-" + "Ab1" * 10,
        "xoxb-123456789012",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        '{"name": "auth_token", "value": "' + "0f" * 20 + '"}',
        "HTTP_TOKEN=" + "Ab1-" * 8,
        'SESSION = "' + "eyJj" * 60 + '"',
        "postgresql://me:correct-horse@db.example/x",
    ],
)
def test_k8_the_scan_finds_what_it_looks_for(text: str) -> None:
    assert finds(text)


def test_k8_the_scan_reads_the_repository() -> None:
    read = {name_of(path) for path in files()}

    assert {"config.toml", "README.md", ".ci/run", "actors/app.py", "tests/conftest.py", "railway.json"} <= read
