"""What the sandbox's model is asked for: a task, its parameters, and the texts of others that come with it as data."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^<<<(\S+)[ \t]*\n(.*?)(?:^\1>>>[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_PARAMETER = re.compile(r"^(\w+):\s*(\S+)", re.MULTILINE)
_ITEM = re.compile(r"^\[(\d+)\][ \t]*(.*)$", re.MULTILINE)
_TASK = re.compile(r"\s*task:\s*(\w+)")


@dataclass(frozen=True, slots=True)
class Task:
    """One order that is not for a single post.

    Args:
        kind: what to do: `advise`, `judge`, `label`, `reply`, `thread`, or what this model does not know.
        parameters: the first word of each `key: value` line.
        order: the message without what stands between fences.
        items: numbered lines to judge, in their order, wherever they stand.
        target: what stands between the first pair of fences; data, whatever it says.
    """

    kind: str
    parameters: dict[str, str]
    order: str
    items: tuple[tuple[int, str], ...]
    target: str


def read_task(message: str) -> Task | None:
    """Read the user's message; None if its first line names no task.

    A fence is a line `<<<NONCE` and the next line `NONCE>>>`; one that is never closed reaches to the end, so that
    nobody gets out of it by closing another.
    """
    first = _TASK.match(message)
    if first is None:
        return None
    fence = _FENCE.search(message)
    order = _FENCE.sub("", message)
    return Task(
        kind=first[1],
        parameters=dict(reversed(_PARAMETER.findall(order))),
        order=order,
        items=tuple((int(number), text) for number, text in _ITEM.findall(message)),
        target=fence[2].strip() if fence else "",
    )
