"""The build: a name for exactly this program text, so that nobody takes an old version for the new one."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_KINDS = {".py", ".sql", ".js", ".css", ".html", ".json", ".toml", ".svg"}


@cache
def build_id(root: Path = _ROOT) -> str:
    """Return twelve hex digits of what stands in `supervisor.py`, `config.toml` and `actors/` of `root`.

    From the content and not from a variable, which would name what was meant to be deployed. Takes some 20 ms.
    """
    digest = hashlib.sha256()
    files = [each for each in (root / "actors").rglob("*") if each.suffix in _KINDS and each.is_file()]
    for path in sorted([*files, root / "supervisor.py", root / "config.toml"]):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(text)}\0".encode())
        digest.update(text)
    return digest.hexdigest()[:12]
