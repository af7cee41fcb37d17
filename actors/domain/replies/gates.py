"""Gates of a reply: that it is one to this very post, says something, and lets through nothing of what it was told.

As for posts, all are pure functions of the final text, and one that fails refuses.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from actors.domain.gates.artefacts import judge_artefacts
from actors.domain.gates.gibberish import judge_gibberish
from actors.domain.gates.grounding import judge_grounding
from actors.domain.gates.health import judge_health
from actors.domain.gates.judgement import judge_by
from actors.domain.gates.repetition import MAX_OVERLAP, MIN_DUPLICATE, judge_repetition
from actors.domain.gates.style import judge_style
from actors.domain.gates.verdict import ELSEWHERE, Finding, broken, rule, straight
from actors.domain.replies.brief import LEAST, MOST, ReplyBrief, quoted, standing_rules
from actors.domain.text import MENTION, URL, overlap, similarity, weighted_length, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.domain.gates.verdict import Verdict

COMMON_WORDS = 2
"""Content words a reply must share with its target."""

OWN_WORDS = 3
"""Content words a reply must add."""

MOST_TAKEN = 0.5
"""Share of a reply's content words that may be the target's: beyond it the stranger speaks through us."""

_MOST_NUMBERS, _LONGEST_NUMBER = 2, 3
"""Numbers of the target that may be taken up, and their digits: more are a telephone number or a code."""
_SHOWN = 6
"""Signs in a row of a secret that give it away."""
_FIGURES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGITS = {name: str(digit) for digit, name in enumerate(_FIGURES)}

_COPIED_RUN = 7
"""Words in a row, taken over from the target, that make a copy."""

_STOP = frozenset(
    """
    about above after again against ago all almost also although always and another any anything are around because
    been before being below better between both but came can can't cannot come could day days did didn't does
    doesn't doing don't done down during each either else enough even ever every everyone everything feel feels few
    first for from get gets getting give gives goes going gone good got great had has have having hear her here him
    his how however into isn't it's its just keep keeps know last later least less let like little long look lot
    made make makes many maybe mean might more most much must need needs never new next nor not nothing now off
    often once one only other our out over own part people per please put quite rather really right said same saw
    say says see seem seems she should since some something sometimes soon still such take takes tell than thank
    thanks that that's the their them then there there's these they they're thing things think this those though
    through time times today together too took toward try two under until upon use used very want wants was way
    week well went were what what's when where which while who whole whose why will with without won't work works
    would year years yes yet you you're you've your
    """.split()  # noqa: SIM905 - a list of its own would be four pages long
)
_NUMBER = re.compile(r"\d(?:[\d.,]*\d)?")
_ECHOES = (
    rule("sign", r"[@＠#＃]|https?:|<<<|>>>"),
    rule(
        "instructions",
        r"\b(?:ignor|disregard|forget|overrid)\w*\b[^.!?]{0,40}\b(?:instructions?|rules|prompts?|previous|above)\b",
        r"\b(?:system|developer) (?:prompt|message)\b|\b(?:my|your|the|these) (?:instructions|guidelines)\b",
        r"\bas an? (?:ai|a\.i\.|assistant|language model|bot)\b|\bnonce\b|\bcanary\b|\bjailbreak\w*",
    ),
    rule("order", r"^\W*(?:task|strategy|topic|note)\s*:", flags=re.MULTILINE),
    rule(
        "promotion",
        r"\bfollow (?:us|me|back|along|this account|for)\b|\b(?:link in|check out|visit|dm|subscribe|sign up|buy)\b",
    ),
)
_PRAISE = (
    rule(
        "generic_praise",
        r"\A\W*(?:great|nice|awesome|amazing|lovely|excellent|brilliant|beautiful|fantastic) "
        r"(?:post|thread|tweet|share|stuff|reminder)\b",
        r"\A\W*(?:so true|love (?:this|it)|well said\s*[.!,]|spot on\s*[.!,]|this is (?:so|such)\b|wow\b)",
        r"\b(?:could not|couldn't|can't|cannot) agree more\b|\bthanks for (?:sharing|posting)\b|\bmore people should\b",
    ),
)


_NAME = re.compile(r"(?<![.!?:;\"'(])\s+\(?([A-Z][A-Za-z]*(?:['’][a-z]+)?)")
_KNOWN_NAMES = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december english christmas easter
    """.split()  # noqa: SIM905 - as above
)


def judge_reply(text: str, brief: ReplyBrief, history: Sequence[str]) -> Verdict:
    """Judge the final text of a reply to this brief; `history` are our replies of late, which it must not repeat."""
    target = quoted(brief.text)
    return judge_by(
        {
            "shape": _judge_shape,
            "leak": partial(_judge_leak, secrets=(brief.nonce, brief.canary), rules=standing_rules(brief)),
            "artefacts": judge_artefacts,
            "style": judge_style,
            "health": judge_health,
            "grounding": partial(_judge_claims, target=target),
            "gibberish": judge_gibberish,
            "context": partial(_judge_context, target=target),
            "repetition": judge_repetition,
        },
        text,
        history,
    )


def content_words(text: str) -> frozenset[str]:
    """Return the words of a text that carry something, in the singular as far as an s tells."""
    found = (word.replace("’", "'") for word in words(text))
    return frozenset(word.removesuffix("'s").rstrip("s") for word in found if len(word) > 2 and word not in _STOP)


def _judge_shape(text: str, history: Sequence[str]) -> Finding:
    del history
    length = weighted_length(text)
    signs = (
        ("too_short", length < LEAST, f"{length} < {LEAST}"),
        ("too_long", length > MOST, f"{length} > {MOST}"),
        ("lines", "\n" in text, ""),
        ("link", URL.search(text) is not None, ""),
        ("mention", MENTION.search(text) is not None, ""),
    )
    return Finding((*_those(signs), *broken((ELSEWHERE,), text)), {"weighted_length": float(length)})


def _judge_leak(text: str, history: Sequence[str], *, secrets: tuple[str, ...], rules: str) -> Finding:
    """Refuse what shows that the writer obeyed the post instead of us, or told what only he was told."""
    del history
    plain = straight(text).casefold()
    spelled = [_DIGITS.get(word, word) for word in words(plain)]
    shown = re.sub(r"[^0-9a-z]", "", plain), re.sub(r"[^0-9a-z]", "", "".join(spelled))
    leaks = [
        ("secret", secret)
        for secret in secrets
        if any(run in way for run in _runs(secret) for said in shown for way in (said, said[::-1]))
    ]
    if _has_copied(text, rules):
        leaks.append(("rules", ""))
    return Finding((*leaks, *broken(_ECHOES, text)))


def _runs(secret: str) -> set[str]:
    return {secret[place : place + _SHOWN] for place in range(len(secret) - _SHOWN + 1)}


def _judge_claims(text: str, history: Sequence[str], *, target: str) -> Finding:
    """Refuse numbers that the target does not name, many or long ones of it, and every claim that needs a source."""
    known = {number for number in _NUMBER.findall(target) if len(number) <= _LONGEST_NUMBER}
    taken = [number for number in _NUMBER.findall(straight(text)) if number in known]
    finding = judge_grounding(_NUMBER.sub(lambda found: "" if found.group() in known else found.group(), text), history)
    if len(taken) > _MOST_NUMBERS:
        return Finding((*finding.refusals, ("numbers", " ".join(taken))), finding.scores)
    return finding


def _judge_context(text: str, history: Sequence[str], *, target: str) -> Finding:
    """Refuse what could stand under any post (B16), what says nothing of its own, and what repeats the target."""
    del history
    own, theirs = content_words(text), content_words(target)
    common = own & theirs
    taken = len(common) / max(1, len(own))
    names = [name for name in _NAME.findall(straight(text)) if name.casefold() not in _KNOWN_NAMES]
    likeness = similarity(text, target)
    signs = (
        ("ungrounded", len(common) < COMMON_WORDS, f"shares {sorted(common)}"),
        ("adds_nothing", len(own - theirs) < OWN_WORDS, f"adds {sorted(own - theirs)}"),
        ("puppet", taken > MOST_TAKEN, f"{taken:.2f} of its words"),
        ("name", bool(names), " ".join(names[:3])),
        (
            "copy",
            likeness >= MIN_DUPLICATE or overlap(text, target) > MAX_OVERLAP or _has_copied(text, target),
            f"{likeness:.2f}",
        ),
    )
    return Finding((*_those(signs), *broken(_PRAISE, text)), {"shared_words": float(len(common))})


def _has_copied(text: str, target: str) -> bool:
    own, theirs = words(text), words(target)
    runs = {theirs[place : place + _COPIED_RUN] for place in range(len(theirs) - _COPIED_RUN + 1)}
    return any(own[place : place + _COPIED_RUN] in runs for place in range(len(own) - _COPIED_RUN + 1))


def _those(signs: Sequence[tuple[str, bool, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((code, detail) for code, holds, detail in signs if holds)
