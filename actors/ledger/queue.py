"""The queue: the one way in which a job makes a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.domain.text import content_hash
from actors.errors import ConflictError
from actors.sql.queries import Statement

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from actors.job import JobContext

_COLUMNS: dict[str, Any] = {
    "target_id": None,
    "target_author": "",
    "conversation_id": None,
    "addressed_us": False,
    **dict.fromkeys(("generator", "topic", "hook", "format", "length", "angle", "tone", "slot")),
    **dict.fromkeys(("weight_version", "propensity", "choice")),
}
"""What a decision need not say of itself, by name; content names all of it but the target."""


def enqueue(
    ctx: JobContext,
    decision_id: uuid.UUID,
    kind: str,
    parts: Sequence[str],
    at: datetime,
    scores: Mapping[str, float],
    *,
    beside: Sequence[Statement] = (),
    **more: Any,
) -> bool:
    """Queue a decision of this kind, due at `at`; return False if its text or target waits or lives already.

    `beside` is written in the same transaction, after it; `more` are columns of `_COLUMNS`.

    Raises:
        TypeError: there is no such column.
        AppError: the database does not take it.
    """
    unknown = more.keys() - _COLUMNS.keys()
    if unknown:
        raise TypeError(f"a decision has no {', '.join(sorted(unknown))}")
    text = "\n\n".join(parts)
    row = {
        **_COLUMNS,
        **more,
        "decision_id": decision_id,
        "lane": "reply" if kind == "reply" else "content",
        "kind": kind,
        "text": text,
        "parts": list(parts),
        "content_hash": content_hash(text),
        "scores": dict(scores),
        "now": ctx.now(),
        "scheduled_at": at,
    }
    try:
        ctx.database.transact([Statement("insert_decision", row, 1), *beside])
    except ConflictError:
        return False
    return True
