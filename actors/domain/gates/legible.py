"""Gate for what others wrote: that whoever checks an answer to it reads there all that its writer reads.

The gates of a reply hold it against the words of its target. What a model can read and they cannot (another language,
another alphabet, a text backwards or in a code) would pass them by, so such a post is left alone.
"""

from __future__ import annotations

import re
import unicodedata

from actors.domain.gates.gibberish import COMMON, MAX_FOREIGN
from actors.domain.text import MENTION, URL, visible, words

_LONGEST_WORD = 24
_STRANGE_RUN = 10
"""Words in a row of which none is common: ordinary English has one in three, and another tongue, or a code, none."""
_OWN = frozenset("i i'm i've me my mine we us our am did had been no yes day night morning sleep".split())  # noqa: SIM905


def illegible(text: str) -> str:
    """Return why a text cannot be read as English words, a code; empty: it can."""
    plain = visible(unicodedata.normalize("NFKC", text))
    bare = MENTION.sub(" ", URL.sub(" ", plain))
    letters = [sign for sign in bare if sign.isalpha()]
    foreign = [sign for sign in letters if not _is_latin(sign)]
    if len(foreign) > MAX_FOREIGN * len(letters):
        return "foreign_script"
    found = re.findall(r"[^\W\d_]+", bare)
    if any(len({_is_latin(sign) for sign in word}) > 1 for word in found):
        return "mixed_script"
    if any(len(token) > _LONGEST_WORD for token in re.findall(r"[\w+/=]+", bare)):
        return "code"
    run = 0
    for word in words(bare):
        run = 0 if word in COMMON or word in _OWN else run + 1
        if run >= _STRANGE_RUN:
            return "strange_words"
    return ""


def _is_latin(sign: str) -> bool:
    return "LATIN" in unicodedata.name(sign, "") or unicodedata.category(sign) == "Lm"
