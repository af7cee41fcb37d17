"""Gate: nothing of the machinery that wrote the text is left in it, and nothing is missing."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from actors.domain.gates.verdict import Finding, broken, rule, straight
from actors.domain.text import words

if TYPE_CHECKING:
    from collections.abc import Sequence

_RULES = (
    rule("json", r"[{}]", r"\A\s*\[", r'"(?:text|tweets?|content|post)"\s*:'),
    rule("markup", r"</?[a-z][^>]*>", r"&(?:amp|lt|gt|quot|nbsp|#\d+);", r"\\[nrtu\"]"),
    rule(
        "markdown",
        r"`|\*\*|__",
        r"^#{1,6}\s",
        r"^\s*[*+]\s",
        r"^\s*\d+[.)]\s",
        r"^>\s",
        r"\[[^\]\n]+\]\([^)\n]*\)",
        flags=re.MULTILINE,
    ),
    rule(
        "label",
        r"^\W*(?:tweet|post|title|hook|caption|output|draft|option|version|response|thread|hashtags|cta)\s*\w{0,2}\s*:",
        r"^\W*(?:voice|topic|format|length|angle|tone|slot|note)\s*:",
        r"\A\W*(?:protocol|step\s*\w{1,5}|tip\s*\w{0,3})\s*:",
        flags=re.MULTILINE,
    ),
    rule(
        "preamble",
        r"\A\W*here(?:'s| is| are)\b[^.\n]{0,60}:",
        r"\A\W*(?:sure|certainly|absolutely|of course)\s*[,!.:]",
    ),
    rule(
        "assistant_talk",
        r"\bas an ai\b|\blanguage model\b",
        r"\b(?:cannot|can't|unable to) (?:help|assist|comply)",
        r"\bhope this helps\b|\blet me know\b|\bas requested\b",
        r"\b(?:revised|rewritten) version\b|\bthis (?:tweet|post|thread)\b|\bcharacter (?:count|limit)\b",
    ),
    rule(
        "placeholder",
        r"\[[a-z][^\]\n]*\]",
        r"\binsert \w+ here\b|\blorem ipsum\b|\bundefined\b|\bnull\b|\bplaceholder\b",
    ),
    rule(
        "thread_marker",
        r"(?<!\d)(?!24/7)\d{1,2}\s?/\s?(?:\d{1,2}|n\b)?",
        r"\bthread (?:below|incoming)\b|\ba thread\b|🧵|👇",
    ),
    rule("trailing_dots", r"(?:\.{2,}|…)\W*\Z"),
    rule("wrapped_in_quotes", r'\A\s*"[^"]*"\s*\Z'),
)
_INVISIBLE = {"Cc", "Cf", "Co", "Cs"}
_AFTER_THE_END = {"So", "Sk", "Mn", "Cf", "Zs", "Cc"}
"""Categories of what may follow the last full stop: emoji, their modifiers and joiners, white space."""


def judge_artefacts(text: str, history: Sequence[str]) -> Finding:
    """Refuse leftovers of prompt, format and model (J3), and texts that are cut off or damaged (J2)."""
    del history
    return Finding(broken(_RULES, text) + tuple(_damages(text)))


def _damages(text: str) -> list[tuple[str, str]]:
    """List what shows that the text is not whole."""
    found = []
    hidden = [c for c in text if c not in "\n\u200d" and (unicodedata.category(c) in _INVISIBLE or c == "\ufffd")]
    if hidden:
        found.append(("hidden_character", " ".join(f"U+{ord(c):04X}" for c in hidden[:5])))
    plain = straight(text)
    if plain.count('"') % 2 or plain.count("(") != plain.count(")"):
        found.append(("unbalanced", "a quote or bracket lacks its partner"))
    if not _is_ended(plain):
        found.append(("unfinished", plain.strip()[-30:]))
    sentences = [" ".join(words(part)) for part in re.split(r"[.!?\n]+", plain) if len(words(part)) > 2]
    if len(set(sentences)) < len(sentences):
        found.append(("repeated_sentence", "the same sentence occurs twice"))
    return found


def _is_ended(plain: str) -> bool:
    """Tell whether the text ends a sentence; an emoji may follow."""
    end = len(plain)
    while end and (plain[end - 1] in "\"')" or unicodedata.category(plain[end - 1]) in _AFTER_THE_END):
        end -= 1
    return plain[:end].endswith((".", "!", "?"))
