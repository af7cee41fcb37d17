"""Gate: no number and no authority without a source (J6); as no text carries a source yet, none at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from actors.domain.gates.verdict import Finding, broken, rule, straight

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMES = re.compile(r"\b(?:24/7|omega-[369]|co2|(?:vitamin )?[abdek]\d{1,2})\b", re.IGNORECASE)
"""Digits that belong to a name and count nothing."""

_COUNT = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|twenty|thirty|forty|fifty|ninety|hundred)"
_AUTHORITY = (
    r"(?:stud(?:y|ies)|research(?:ers)?|trials?|scientists?|science|experts?|doctors?|physicians?|meta-analys[ei]s"
    r"|psychologists?|nutritionists?)"
)
_CLAIM = r"(?:show|prov|find|found|confirm|suggest|link|reveal|agree|sa(?:y|id)|report|discover|warn|recommend)"

_RULES = (
    rule("number", r"\S*\d\S*"),
    rule("percentage", r"\w*\s?%|\bper ?cent\b"),
    rule(
        "multiplier",
        rf"\b(?:twice|thrice|half|{_COUNT} times) (?:as|more|less|the|higher|lower|faster|better)\b",
        r"\b\w+-?fold\b|\b(?:doubl|tripl|halv|quadrupl)(?:e|es|ed|ing)\b",
    ),
    rule(
        "ratio",
        rf"\b{_COUNT} (?:in|out of) (?:every )?{_COUNT}\b",
        r"\b(?:half|a third|a quarter|two thirds|the majority) of (?:all |the )?(?:people|adults|workers|women|men)\b",
        r"\b(?:hundreds|thousands|millions|billions|dozens) of\b",
    ),
    rule(
        "unsourced_study",
        rf"\b{_AUTHORITY}\b[^.!?\n]{{0,30}}\b{_CLAIM}",
        r"\baccording to\b|\bet al\b|\b(?:research|science)-backed\b|\bevidence-based\b",
    ),
    rule(
        "institution",
        r"\b(?:harvard|stanford|oxford|cambridge|yale|johns hopkins|mayo clinic)\b",
        r"(?-i:\b(?:NIH|WHO|CDC|NASA|FDA|MIT)\b)",
    ),
)


def judge_grounding(text: str, history: Sequence[str]) -> Finding:
    """Refuse digits, shares, multiples, and the word of studies, experts or institutions that are not named."""
    del history
    return Finding(broken(_RULES, _NAMES.sub(" ", straight(text))))
