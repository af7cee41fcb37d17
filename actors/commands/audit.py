"""The audit of control words, read from its beginning for `check`."""

from __future__ import annotations

import psycopg
from psycopg.rows import dict_row

from actors.control.audit import read_audit
from actors.errors import AppError
from actors.sql.queries import load_queries

_LIMIT_S = 5


def audit_sentence(url: str) -> str:
    """Return how many rows the audit of this database has, each as it was written.

    Raises:
        AppError: a row is missing, or is not as it was written.
        psycopg.Error: the database cannot be asked.
    """
    options = f"-c statement_timeout={1000 * _LIMIT_S}"
    queries = load_queries()
    try:
        with psycopg.connect(url, connect_timeout=_LIMIT_S, options=options, row_factory=dict_row) as connection:
            chain = read_audit(lambda query, params: connection.execute(queries[query].encode(), params).fetchall())
    except psycopg.errors.UndefinedTable:
        return "no audit yet"
    if chain.fault:
        hint = "somebody changed what operators said: compare it with `control_word` and `audit_written` in the log"
        raise AppError(f"the audit is broken after {chain.rows} rows: {chain.fault}", hint)
    return f"audit whole, {chain.rows} rows" + (f" up to {chain.head[:12]}" if chain.rows else "")
