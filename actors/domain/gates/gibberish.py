"""Gate: the text is English sentences, by signs that need no dictionary (J4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from actors.domain.gates.verdict import Finding
from actors.domain.text import words

if TYPE_CHECKING:
    from collections.abc import Sequence

MIN_COMMON = 0.2
"""Least share of the commonest words; ordinary English prose has 0.35 to 0.55, terse lists about 0.25."""

MAX_ODD = 0.12
MAX_FOREIGN = 0.05

_COMMON_WORDS = """
a about after all also an and any are as at back be because been before being better body but by can could day do does
done down each even every few first for from get gets go goes good has have he her here him his how if in into is it
its just keep less let life like little long make makes many may more most much need never new no not nothing now of
off often on once one only or other out over own part people put rest right same say says she should small so some
something start still such take than that the their them then there these they thing things this those through time to
today too try turn two under until up use very wait want was way well were what when where which while who why will
with without work works would you your
"""
COMMON = frozenset(_COMMON_WORDS.split())
_ODD = re.compile(r"[bcdfghjklmnpqrstvwxz]{6,}|(.)\1\1|[aeiou]{5,}|\A[bcdfghjklmnpqrstvwxz]{4,}\Z|.{19,}")


def judge_gibberish(text: str, history: Sequence[str]) -> Finding:
    """Refuse strings of unusual words, foreign script, and stuttering."""
    del history
    found = words(text)
    if not found:
        return Finding((("no_words", ""),))
    total = len(found)
    common = sum(word in COMMON for word in found) / total
    odd = [word for word in found if _ODD.search(word)]
    letters = [c for c in text if c.isalpha()]
    foreign = sum(not ("a" <= c.casefold()[0] <= "z") for c in letters) / max(1, len(letters))
    stutter = next((a for a, b, c in zip(found, found[1:], found[2:], strict=False) if a == b == c), None)
    signs = (
        ("few_common_words", common < MIN_COMMON, f"{common:.2f} < {MIN_COMMON}"),
        ("odd_words", len(odd) / total > MAX_ODD, ", ".join(odd[:3])),
        ("foreign_script", foreign > MAX_FOREIGN, f"{foreign:.2f} > {MAX_FOREIGN}"),
        ("stutter", stutter is not None, str(stutter)),
    )
    return Finding(tuple((code, detail) for code, holds, detail in signs if holds), {"common_words": round(common, 3)})
