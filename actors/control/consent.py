"""Words of consent: what `approve`, `reject`, `opt-out` and `opted-out` ask of the ledger, and what its rows answer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from actors.domain.escaping import clip, escape
from actors.domain.why.situation import written
from actors.sql.queries import Statement, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from actors.control.words import Command

Row = dict[str, Any]

_TEXT_SHOWN = 80
_DECISIONS_SHOWN = 20
_HANDLES_SHOWN = 200
_NAMESAKES_SHOWN = 3
_DIGITS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: whether it was done, and a text or lines; `more` is for programs."""

    ok: bool
    text: str = ""
    lines: tuple[str, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Consent:
    """What a word asks of the ledger. `read` makes the answer of the rows of each statement."""

    command: Command
    transaction: Transaction
    read: Callable[[list[list[Row]]], Said]
    changes: bool
    """Whether it writes."""


def consent_of(command: Command, *, now: datetime, by: str) -> Consent | None:
    """Return what a word of consent asks of the ledger; None: it is another word.

    Args:
        command: well-formed and authorised.
        now: schedule time.
        by: who is written down for it.
    """
    match command.word, command.args:
        case "approve", ():
            statement = Statement("unapproved_decisions", {"limit": _DECISIONS_SHOWN})
            return Consent(command, Transaction((statement,)), lambda rows: _waiting(rows[0]), changes=False)
        case "approve", (digits,):
            change = Statement("approve_decision", {**_range_of(digits), "now": now, "by": by})
            return _about_decision(command, digits, change, lambda row: f"is approved: {_due(row, now)}", now)
        case "reject", (digits,):
            change = Statement("reject_decision", {**_range_of(digits), "reason": f"rejected by {by}"})
            return _about_decision(command, digits, change, lambda _: "is rejected: it will not be published", now)
        case "opt-out", (name,):
            handle = name.removeprefix("@").lower()
            add = Statement("add_opt_out", {"handle": handle, "now": now, "by": by})
            transaction = Transaction((add, Statement("opt_out_of", {"handle": handle})))
            return Consent(command, transaction, lambda rows: _opted_out(handle, *rows), changes=True)
        case "opted-out", ():
            statement = Statement("all_opt_outs", {"limit": _HANDLES_SHOWN})
            return Consent(command, Transaction((statement,)), lambda rows: _list_of_opt_outs(rows[0]), changes=False)
    return None


def _range_of(digits: str) -> Row:
    """Return the first and the last number that begin with these digits."""
    return {"low": uuid.UUID(digits.ljust(32, "0")), "high": uuid.UUID(digits.ljust(32, "f"))}


def _about_decision(
    command: Command, digits: str, change: Statement, done: Callable[[Row], str], now: datetime
) -> Consent:
    named = Statement("named_decisions", {**_range_of(digits), "limit": _NAMESAKES_SHOWN})

    def read(rows: list[list[Row]]) -> Said:
        changed, found = rows
        if changed:
            return Said(ok=True, text=f"decision {_short(found[0])} {done(found[0])}")
        return _unchanged(command.word, digits, found, now)

    return Consent(command, Transaction((change, named)), read, changes=True)


def _unchanged(word: str, digits: str, found: list[Row], now: datetime) -> Said:
    """Say why no decision was approved or rejected."""
    if not found:
        return Said(ok=False, text=f"there is no queued decision {digits}")
    if len(found) > 1:
        names = ", ".join(str(row["decision_id"]) for row in found)
        return Said(ok=False, text=f"more than one decision begins with {digits}: {names}; say more digits")
    (row,) = found
    if row["status"] == "queued" and (word == "reject" or row["approved_at"] is None):
        # It was claimed when it was to be changed, and queued again when it was looked at.
        return Said(ok=False, text=f"decision {_short(row)} changed at this moment; say it again")
    if row["status"] == "queued":
        when = f"{written(row['approved_at'])} by {escape(row['approved_by'])}"
        return Said(ok=True, text=f"decision {_short(row)} was approved already at {when}: {_due(row, now)}")
    reason = f" ({escape(clip(row['reason'], _TEXT_SHOWN))})" if row["reason"] else ""
    return Said(ok=False, text=f"there is no queued decision {_short(row)}: it is {row['status']}{reason}")


def _waiting(rows: list[Row]) -> Said:
    if not rows:
        return Said(ok=True, text="every queued decision is approved", more={"decisions": []})
    shown = [
        {
            "decision": str(row["decision_id"]),
            "due": row["scheduled_at"],
            "lane": row["lane"],
            "text": escape(clip(row["text"], _TEXT_SHOWN)),
        }
        for row in rows
    ]
    total = rows[0]["total"]
    head = "1 queued decision is not approved" if total == 1 else f"{total} queued decisions are not approved"
    lines = [f"{_short(row)} due {written(row['scheduled_at'])} {each['lane']}: {each['text']}"
             for row, each in zip(rows, shown, strict=True)]
    return Said(ok=True, lines=(head, *lines, *_rest(total, rows)), more={"decisions": shown})


def _opted_out(handle: str, added: list[Row], found: list[Row]) -> Said:
    if added:
        return Said(ok=True, text=f"@{handle} has opted out and gets no replies")
    (row,) = found
    when = f"{written(row['added_at'])} by {escape(row['added_by'])}"
    return Said(ok=True, text=f"@{handle} had opted out already at {when}")


def _list_of_opt_outs(rows: list[Row]) -> Said:
    if not rows:
        return Said(ok=True, text="nobody has opted out", more={"opted_out": []})
    total = rows[0]["total"]
    shown = [{**row, "reason": escape(clip(row["reason"], _TEXT_SHOWN)), "added_by": escape(row["added_by"])}
             for row in rows]
    lines = []
    for row in shown:
        reason = f": {row['reason']}" if row["reason"] else ""
        lines.append(f"@{row['handle']} since {written(row['added_at'])} by {row['added_by']}{reason}")
        del row["total"]
    head = "1 account has opted out" if total == 1 else f"{total} accounts have opted out"
    return Said(ok=True, lines=(head, *lines, *_rest(total, rows)), more={"opted_out": shown})


def _rest(total: int, rows: list[Row]) -> tuple[str, ...]:
    return (f"and {total - len(rows)} more",) if total > len(rows) else ()


def _short(row: Row) -> str:
    return str(row["decision_id"])[:_DIGITS_SHOWN]


def _due(row: Row, now: datetime) -> str:
    due = row["scheduled_at"]
    return f"it is due at {written(due)}" if due > now else f"it has been due since {written(due)}"
