"""The contract between queries and schema: every named query is parsed by the server before anything runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from actors.sql.queries import load_queries

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARAMETER = re.compile(r"%\((\w+)\)s")


def contract() -> Iterator[tuple[str, str]]:
    """Yield each named query with a script that succeeds if, and only if, the schema has all that the query names.

    The script leaves nothing in its session, so that a pooler may stand in between.
    """
    for name, query in load_queries().items():
        text = query.rstrip().rstrip(";")
        for place, parameter in enumerate(dict.fromkeys(_PARAMETER.findall(query)), start=1):
            text = text.replace(f"%({parameter})s", f"${place}")
        yield name, f"PREPARE contract AS {text.replace('%%', '%')}\n; DEALLOCATE contract"
