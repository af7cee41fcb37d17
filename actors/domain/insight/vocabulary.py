"""The vocabulary in which posts of others are described: closed, so that nothing they say can be said by it."""

from __future__ import annotations

DEVICES = {
    "surprise": "works by a turn that the reader does not expect",
    "usefulness": "works by something the reader can do today",
    "recognition": "works by a moment the reader knows from his own day",
    "contrast": "works by two things that are set against each other",
    "curiosity": "works by a question that is answered at the end",
    "belonging": "works by what the reader shares with others",
    "relief": "works by taking a burden off the reader",
    "authority": "works by a calm explanation of how it works",
}
"""By what a post works on its readers, in words of our own that may stand in a brief."""

STRUCTURES = (
    *("minimal", "dense", "conversational", "organized", "narrative", "data", "question", "aggressive", "chaotic"),
)
"""How a post is built (domain.md 5.2)."""
