"""Gate: nothing of the machinery that wrote the text is left in it, and nothing is missing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from actors.domain.gates.verdict import Finding, broken, rule, straight
from actors.domain.text import words

_RULES = (
    rule("json", r'[{}]|^\s*\[|"(text|tweets?|content|post)"\s*:'),
    rule("markup", r"</?[a-z][^>]*>|&(amp|lt|gt|quot|nbsp|#\d+);|\\[nrtu\"]"),
    rule("markdown", r"`|\*\*|__|^#{1,6}\s|^\s*[*+]\s|^\s*\d+[.)]\s|\[[^\]\n]+\]\([^)\n]*\)|^>\s", re.MULTILINE),
    rule(
        "label",
        r"(?im)^\W*((tweet|post|title|hook|caption|output|draft|option|version|response|thread|hashtags|cta)\s*\w{0,2}"
        r"|voice|topic|format|length|angle|tone|slot|note)\s*:|\A\W*(protocol|step\s*\w{1,5}|tip\s*\w{0,3})\s*:",
    ),
    rule("preamble", r"\A\W*(here('s| is| are)\b[^.\n]{0,60}:|(sure|certainly|absolutely|of course)\s*[,!.:])"),
    rule(
        "assistant_talk",
        r"\bas an ai\b|\blanguage model\b|\b(cannot|can't|unable to) (help|assist|comply)|\bhope this helps\b|\blet me know\b"
        r"|\bas requested\b|\b(revised|rewritten) version\b|\bthis (tweet|post|thread)\b|\bcharacter (count|limit)\b",
    ),
    rule("placeholder", r"\[[a-z][^\]\n]*\]|\binsert \w+ here\b|\blorem ipsum\b|\bundefined\b|\bnull\b|\bplaceholder\b"),
    rule("thread_marker", r"(?<!\d)(?!24/7)\d{1,2}\s?/\s?(\d{1,2}|n\b)?|\bthread (below|incoming)\b|\ba thread\b|🧵|👇"),
    rule("trailing_dots", r"(\.{2,}|…)\W*\Z"),
    rule("wrapped_in_quotes", r'\A\s*"[^"]*"\s*\Z'),
)
_CLOSERS = "\"')"


def judge_artefacts(text: str, history: Sequence[str]) -> Finding:
    """Refuse leftovers of prompt, format and model (J3), and texts that are cut off or damaged (J2)."""
    del history
    return Finding(broken(_RULES, text) + tuple(_damages(text)))


def _damages(text: str) -> list[tuple[str, str]]:
    """List what shows that the text is not whole."""
    found = []
    hidden = [c for c in text if c not in "\n\u200d" and unicodedata.category(c) in {"Cc", "Cf", "Co", "Cs"}]
    if hidden or "\ufffd" in text:
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
    end = plain.rstrip()
    while end and (end[-1].isspace() or end[-1] in _CLOSERS or unicodedata.category(end[-1]) in {"So", "Sk", "Mn", "Cf"}):
        end = end[:-1]
    return end.endswith((".", "!", "?"))
