"""Gate: the text says something, by the points of the engine this one replaces."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actors.domain.gates.verdict import Finding, Rule, broken, rule, straight

MIN_SUBSTANCE = 70
MIN_LENGTH = 120
"""Characters of a single post."""

_BASE = 40
_POINTS: tuple[tuple[int, Rule], ...] = (
    (
        15,
        rule(
            "mechanism",
            r"\b(activat|amplif|anchor|block|build|calm|carr(y|ies)|cools?\b|deliver|drain|drive|ease|feed|help|increas|keep|loosen"
            r"|lower|nudge|press|prim|pull|push|quiet(s|en)|rais|reduc|releas|remind|reset|sen(d|t)s?\b|set(s|tles?)?\b|sharpen"
            r"|shift|signal|slow(s|ed)\b|spread|stead(y|ies)|stimulat|strengthen|stretch|tell(s|ing)?\b|trigger|turn|wake|warm)\w*",
        ),
    ),
    (
        10,
        rule(
            "example",
            r"\b(picture|imagine|for (example|instance)|such as|like (a|an|the)|say,|think of)\b|\b(kitchen|desk|couch|commute"
            r"|meeting|inbox|breakfast|lunch|dinner|coffee|lamp|window|bus|door|shoes|bowl|kettle|jar|sofa|alarm|evening)s?\b",
        ),
    ),
    (
        10,
        rule(
            "surprise",
            r"\b(surpris|unexpected|counterintuitive|odd(ly)?|strange|paradox|overlooked|underrated|hidden|quiet(ly)?\b|rarely"
            r"|hardly|few people|nobody|little-known|curious|myth|plot twist|unpopular|uncomfortable|not what)\w*",
        ),
    ),
    (10, rule("context", r"\b(because|when(ever)?|while|after|before|since|during|unless|if|until|so that|that is why)\b")),
    (5, rule("story", r"\b(one (evening|morning|night|winter|summer)|last (winter|summer|spring|autumn|year)|picture|meet)\b")),
    (
        10,
        rule(
            "non_obvious",
            r"\bnot [^.]{2,60}\bbut\b|\b(rather than|less about|more than|matters? more|instead of|long before|even (if|when|on|a)"
            r"|without|does not hold|the (missing|overlooked|hidden|real) |trade-off|on paper)\b",
        ),
    ),
    (5, rule("contrast", r"\b(but|yet|while|instead|rather|not|versus|though|still)\b")),
    (5, rule("fresh", r"\b(new|today|tonight|tomorrow|this (week|season|evening|morning)|lately|now)\b")),
    (10, rule("percentage", r"\d\s?%|\bpercent\b")),
    (10, rule("fold", r"\b\d+(\.\d+)?(x|-?fold)\b")),
    (10, rule("sample", r"\bn\s?=\s?\d+")),
    (10, rule("institution", r"(?-i:\b(Harvard|Stanford|Oxford|Cambridge|NIH|WHO|CDC|Mayo Clinic)\b)")),
    (
        10,
        rule(
            "action",
            r"(?m)(^|[.:;!?,•–]\s+|\b(to|and|then|first|finally|next)\s+)(add|ask|breathe|bring|build|call|carry|choose|close|cook|count"
            r"|cut|dim|drink|eat|exhale|fill|finish|get|give|go|hang|hold|invite|keep|leave|let|lift|look|make|move|name|open|pair|park|pause"
            r"|pick|plan|plant|pour|press|push|put|raise|reach|rest|say|send|set|share|sip|sit|skip|sleep|slow|stand|start|step|stop"
            r"|swap|switch|take|test|trade|try|turn|unclench|use|wait|walk|write)\b",
        ),
    ),
    (10, rule("length", r"(?s)\A.{200,}")),
)

_HOLLOW = (
    rule("bare_question", r"(?s)\A[^.!?]{0,98}\?\s*\Z"),
    rule("title_like", r"\A\W*the (surprising|amazing|secret|incredible|unexpected) (role|power|truth|benefits?|impact|science) \w+"),
    rule("hollow_question", r"\Awhat if everything\b"),
    rule("bare_myth", r"(?s)\Amyth:.{0,74}\Z"),
    rule("empty_news", r"(?s)\A(?!.*\d).*\bnew research shows\b"),
    rule("shallow_quote", r'\A\W*"[^"]+"\s*[-–—~]\s*\w[\w .]*\Z'),
    rule(
        "platitude",
        r"\b(wellness|health|life) is a journey\b|\bhealth is wealth\b|\blisten to your body\b|\bconsistency is key\b"
        r"|\bself-?care (is not|isn't) selfish\b|\bbest version of yourself\b|\btake care of yourself\b|\byou are what you eat\b",
    ),
)

_HYPE = re.compile(r"\b(amazing|incredible|insane|unbelievable|magic(al)?|ultimate|epic|shocking|must-have)\b|!!", re.IGNORECASE)
_STUDY = re.compile(r"\b(stud(y|ies)|research|evidence|data|trial|measured|review)\b", re.IGNORECASE)
_WORN = re.compile(r"\bdid you know\b", re.IGNORECASE)


def substance_score(text: str) -> int:
    """Add the points of what the text has, from 40 up to 100."""
    plain = straight(text)
    return min(100, _BASE + sum(points for points, sign in _POINTS if sign.pattern.search(plain)))


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


MIN_QUALITY = 0.7


def quality_score(text: str) -> float:
    """Give 0.5, and 0.2 for 100 to 250 characters, 0.15 for study words, 0.15 for no hype; less 0.3 for a worn hook."""
    score = 0.5 + 0.2 * (100 <= len(text) <= 250) + 0.15 * bool(_STUDY.search(text)) + 0.15 * (not _HYPE.search(text))
    return round(score - 0.3 * bool(_WORN.search(text)), 2)


def judge_quality(text: str, history: Sequence[str]) -> Finding:
    """Refuse a quality below 0.7."""
    del history
    score = quality_score(text)
    refusals = (("low_quality", f"{score} < {MIN_QUALITY}"),) if score < MIN_QUALITY else ()
    return Finding(refusals, {"quality": score})
