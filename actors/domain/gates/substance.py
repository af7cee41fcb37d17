"""Gates: the text says something, and says it soberly; points and thresholds of the engine this one replaces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from actors.domain.gates.verdict import Finding, broken, rule, straight

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

MIN_SUBSTANCE = 70
MIN_QUALITY = 0.7
MIN_LENGTH = 120
"""Characters of a single post."""

_BASE = 40
_POINTS = (
    (
        15,
        rule(
            "mechanism",
            r"\b(?:activat|amplif|anchor|block|build|calm|deliver|drain|drive|feed|increas|keep|loosen|lower|nudge|press)\w*",
            r"\b(?:prim|pull|push|rais|reduc|releas|remind|sharpen|shift|signal|spread|stimulat|strengthen|stretch)\w*",
            r"\b(?:becom|chang|compet|train|trigger|turn|wake|warm)\w*",
            r"\b(?:cool|ease|help|let|make|quiet|quieten|reset|send|set|settle|tell)s?\b",
            r"\b(?:carry|carries|sent|slows|slowed|stead(?:y|ies))\b",
        ),
    ),
    (
        10,
        rule(
            "example",
            r"\b(?:picture|imagine|for (?:example|instance)|such as|like (?:a|an|the)|say,|think of)\b",
            r"\b(?:kitchen|desk|couch|sofa|chair|pillow|lamp|window|door|sink|fridge|stairs|elevator|keyboard)s?\b",
            r"\b(?:breakfast|lunch|dinner|coffee|soup|bread|plate|bowl|kettle|jar|glass|bottle|bag|shoes)s?\b",
            r"\b(?:notebook|headphones|phone|calendar|commute|bus|meeting|inbox|alarm|evening|curtain)s?\b",
        ),
    ),
    (
        10,
        rule(
            "surprise",
            r"\b(?:surpris|unexpected|counterintuitive|strange|paradox|overlooked|underrated|hidden|curious)\w*",
            r"\b(?:odd|oddly|quiet|quietly|rarely|hardly|few people|nobody|little-known|not what)\b",
            r"\b(?:myth|rumor|folklore|plot twist|unpopular|uncomfortable)\b",
        ),
    ),
    (10, rule("context", r"\b(?:because|when(?:ever)?|while|after|before|since|during|unless|if|until|so)\b")),
    (5, rule("story", r"\b(?:one (?:evening|morning|night)|last (?:winter|summer|spring|autumn|year)|picture|meet)\b")),
    (
        10,
        rule(
            "non_obvious",
            r"\bnot [^.]{2,60}\bbut\b",
            r"\b(?:rather than|less about|more than|matters? more|instead of|long before|even (?:if|when|a)|without)\b",
            r"\b(?:does not hold|the (?:missing|overlooked|hidden|real)|trade-off|on paper)\b",
        ),
    ),
    (5, rule("contrast", r"\b(?:but|yet|while|instead|rather|not|neither|versus|though|still)\b")),
    (5, rule("fresh", r"\b(?:new|today|tonight|tomorrow|this (?:week|season|evening|morning)|lately|now)\b")),
    (10, rule("percentage", r"\d\s?%|\bpercent\b")),
    (10, rule("fold", r"\b\d+(?:\.\d+)?(?:x|-?fold)\b")),
    (10, rule("sample", r"\bn\s?=\s?\d+")),
    (10, rule("institution", r"(?-i:\b(?:Harvard|Stanford|Oxford|Cambridge|NIH|WHO|CDC|Mayo Clinic)\b)")),
    (
        10,
        rule(
            "action",
            r"(?:^|[.:;!?,•–]\s+|\b(?:to|and|then|so|just|first|finally|next)\s+)"
            r"(?:add|ask|begin|breathe|bring|build|call|carry|choose|clear|close|cook|count|cut|dim|drink|eat|exhale|fill|finish|get"
            r"|give|go|hang|hold|invite|keep|leave|let|lift|look|make|move|name|open|pair|park|pause|pick|plan|plant|pour"
            r"|press|push|put|raise|reach|rest|say|send|set|share|sip|sit|skip|sleep|slow|speed|stand|start|step|stop"
            r"|swap|switch|take|test|trade|try|turn|unclench|use|wait|walk|write)\b",
            flags=re.MULTILINE,
        ),
    ),
    (10, rule("length", r"\A.{200,}", flags=re.DOTALL)),
)

_HOLLOW = (
    rule("bare_question", r"\A[^.!?]{0,98}\?\s*\Z"),
    rule(
        "title_like",
        r"\A\W*the (?:surprising|amazing|secret|incredible|unexpected) (?:role|power|truth|benefits?|impact)\b",
    ),
    rule("hollow_question", r"\Awhat if everything\b"),
    rule("bare_myth", r"\Amyth:.{0,74}\Z", flags=re.DOTALL),
    rule("empty_news", r"\A(?!.*\d).*\bnew research shows\b", flags=re.DOTALL),
    rule("shallow_quote", r'\A\W*"[^"]+"\s*[-–—~]\s*\w[\w .]*\Z'),
    rule(
        "platitude",
        r"\b(?:wellness|health|life) is a journey\b|\bhealth is wealth\b|\bconsistency is key\b",
        r"\blisten to your body\b|\bself-?care (?:is not|isn't) selfish\b|\bbest version of yourself\b",
        r"\btake care of yourself\b|\byou are what you eat\b",
    ),
)

_HYPE = re.compile(
    r"\b(?:amazing|incredible|insane|unbelievable|magic|magical|ultimate|epic|shocking)\b|!!", re.IGNORECASE
)
_STUDY = re.compile(r"\b(?:stud(?:y|ies)|research|evidence|data|trial|measured|review)\b", re.IGNORECASE)
_WORN = re.compile(r"\bdid you know\b", re.IGNORECASE)


def substance_signs(text: str) -> frozenset[str]:
    """Return what the text has, by the names of the points: mechanism, example, action and so on."""
    plain = straight(text)
    return frozenset(sign.code for _, sign in _POINTS if sign.pattern.search(plain))


def substance_score(text: str) -> int:
    """Add the points of what the text has, from 40 up to 100."""
    return points_of(substance_signs(text))


def points_of(signs: Collection[str]) -> int:
    """Add the points of these signs, from 40 up to 100."""
    return min(100, _BASE + sum(points for points, sign in _POINTS if sign.code in signs))


def quality_score(text: str) -> float:
    """Give 0.5, and 0.2 for 100 to 250 characters, 0.15 for study words, 0.15 for no hype; less 0.3 for a worn hook."""
    score = 0.5 + 0.2 * (100 <= len(text) <= 250) + 0.15 * bool(_STUDY.search(text)) + 0.15 * (not _HYPE.search(text))
    return round(score - 0.3 * bool(_WORN.search(text)), 2)


def judge_substance(text: str, history: Sequence[str]) -> Finding:
    """Refuse hollow forms, posts below 120 characters, and less than 70 points."""
    del history
    refusals = broken(_HOLLOW, text)
    if len(text) < MIN_LENGTH:
        refusals += (("too_short", f"{len(text)} < {MIN_LENGTH}"),)
    score = substance_score(text)
    if score < MIN_SUBSTANCE:
        refusals += (("low_substance", f"{score} < {MIN_SUBSTANCE}"),)
    return Finding(refusals, {"substance": float(score)})


def judge_quality(text: str, history: Sequence[str]) -> Finding:
    """Refuse a quality below 0.7."""
    del history
    score = quality_score(text)
    refusals = (("low_quality", f"{score} < {MIN_QUALITY}"),) if score < MIN_QUALITY else ()
    return Finding(refusals, {"quality": score})
