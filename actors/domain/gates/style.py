"""Gate: the house style."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from actors.domain.gates.verdict import Finding, broken, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_EMOJI = 2

_RULES = (
    rule("first_person", r"\b(?:i|me|my|mine|myself|we|our|ours|ourselves|let's|(?-i:us|Us))\b"),
    rule("hashtag", r"(?<!\w)#\w"),
    rule(
        "banned_phrase",
        r"\bwho knew\b|\bturns out\b|\bgame[- ]chang(?:er|ing)\b|\bdive in(?:to)?\b|\bbuckle up\b|\bfast-paced world\b",
        r"\bstay tuned\b|\bmore soon\b|\band more[.!]|\betc\b|\bfollow for\b|\blike and (?:share|repost)\b",
        r"\bwon't believe\b|\bmind[- ]?blow(?:n|ing)\b|\blife[- ]changing\b|\bdoctors hate\b|\bone weird trick\b",
        r"\b(?:life|body|bio)[- ]?hacks?\b|\bnext[- ]level\b|\blevel up\b|\bworked for me\b",
        r"\b(?:unlock|unleash|supercharge|delve|revolutioni[sz]\w+)\b",
    ),
    rule(
        "banned_opener",
        r"\A\W*(?:did you know|who knew|turns out|here's the thing|the truth is|in a world|fun fact)\b",
    ),
    rule(
        "citation_opener",
        r"(?-i:\A\W*[A-Z][\w-]+(?: and [A-Z][\w-]+)?(?: et al|,? \(?(?:19|20)\d\d))",
        r"\A\W*(?:according to|(?:a|one|this) (?:new |recent |large )?study)\b",
        r"\A\W*(?:researchers|scientists|studies|new research)\b",
    ),
    rule("shouting", r"!{2,}|\?{2,}", r"(?:\b(?-i:[A-Z]{4,})\b.*){3}", flags=re.DOTALL),
)

_PICTURE = "[\u2600-\u27bf\u2b1b-\u2b55\U0001f000-\U0001f1e5\U0001f200-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*"
_EMOJI = re.compile(f"[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTURE}(?:\u200d{_PICTURE})*")


def judge_style(text: str, history: Sequence[str]) -> Finding:
    """Refuse first person, hashtags, worn phrases, openings by citation, shouting, and more than two emoji."""
    del history
    refusals = broken(_RULES, text)
    emoji = _EMOJI.findall(text)
    if len(emoji) > MAX_EMOJI:
        refusals += (("emoji", f"{len(emoji)} > {MAX_EMOJI}"),)
    return Finding(refusals, {"emoji": float(len(emoji))})
