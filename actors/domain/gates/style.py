"""Gate: the house style."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actors.domain.gates.verdict import Finding, broken, rule

MAX_EMOJI = 2

_RULES = (
    rule("first_person", r"\b(i|i'(m|ve|d|ll)|me|my|mine|myself|we|we'(re|ve|d|ll)|our|ours|ourselves|let's|(?-i:us|Us))\b"),
    rule("hashtag", r"(?<!\w)#\w"),
    rule(
        "banned_phrase",
        r"\bwho knew\b|\bturns out\b|\bgame[- ]chang(er|ing)\b|\bdive in(to)?\b|\bstay tuned\b|\bmore soon\b|\band more[.!]|\betc\b"
        r"|\bbuckle up\b|\bwon't believe\b|\bmind[- ]?blow(n|ing)\b|\blife[- ]changing\b|\b(life|body|bio)[- ]?hacks?\b"
        r"|\b(unlock|unleash|supercharge|delve|revolutioni[sz]\w+)\b|\bnext[- ]level\b|\blevel up\b|\bfast-paced world\b"
        r"|\bworked for me\b|\bdoctors hate\b|\bone weird trick\b|\bfollow for\b|\blike and (share|repost)\b",
    ),
    rule("banned_opener", r"\A\W*(did you know|who knew|turns out|here's the thing|the truth is|in a world|fun fact)\b"),
    rule(
        "citation_opener",
        r"(?-i:\A\W*[A-Z][\w-]+( and [A-Z][\w-]+)?( et al|,? \(?(19|20)\d\d))"
        r"|\A\W*(according to|(a|one|this) (new |recent |large )?study|researchers|scientists|studies|new research)\b",
    ),
    rule("shouting", r"!{2,}|\?{2,}|(\b(?-i:[A-Z]{4,})\b.*){3}", re.IGNORECASE | re.DOTALL),
)

_PICTURE = "[\u2600-\u27bf\u2b1b-\u2b55\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"
_EMOJI = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTURE}[\ufe0f\U0001f3fb-\U0001f3ff]*(?:\u200d{_PICTURE}[\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)


def judge_style(text: str, history: Sequence[str]) -> Finding:
    """Refuse first person, hashtags, worn phrases, openings by citation, shouting, and more than two emoji."""
    del history
    refusals = broken(_RULES, text)
    emoji = _EMOJI.findall(text)
    if len(emoji) > MAX_EMOJI:
        refusals += (("emoji", f"{len(emoji)} > {MAX_EMOJI}"),)
    return Finding(refusals, {"emoji": float(len(emoji))})
