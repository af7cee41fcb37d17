"""The brief of a thread: that of a post, and what makes five of them one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.domain.brief import RULES, messages
from actors.domain.threads.manner import EMOTIONS, STYLES

if TYPE_CHECKING:
    from actors.domain.brief import Brief
    from actors.domain.threads.manner import Manner

PARTS = 5
TEMPERATURE = 0.9
"""Of the engine this one replaces."""
TOKENS = 900
"""Five parts are about 350 tokens; the rest is for a writer who goes on for too long and is to be told so."""

_SYSTEM = f"""\
You write threads about everyday wellness for a social account that is run by software and says so: posts that stand \
below each other, each of which can be read alone.

{RULES}
Arc: the first part opens as the hook and the style say; the second shows what usually goes wrong; the third why; the \
fourth what to do; the last what changes, and ends with something to do today. Each part says something of its own. No \
numbering, no "part", no "thread", no call to follow.
Care: speak to the emotion named in the brief within its bounds. Never frighten, shame or set people against each other.
Answer with JSON only: {{"parts": ["the first part", "the second part"]}}"""


def thread_messages(brief: Brief, manner: Manner) -> list[dict[str, str]]:
    """Give the chat messages for the writer of a thread.

    Raises:
        KeyError: the arm or the manner has a value that is not known.
    """
    _, *lines = messages(brief)[1]["content"].splitlines()
    order = [
        "task: thread",
        *lines,
        f"style: {manner.style} — {STYLES[manner.style]}",
        f"emotion: {manner.emotion} — {EMOTIONS[manner.emotion]}",
        f"parts: {PARTS} — each of the length above",
    ]
    return [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": "\n".join(order)}]
