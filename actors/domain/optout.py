"""Who wants to be left alone: told from the words of an answer, which is anybody's and may be hostile.

Only what is addressed to us counts: a sentence that commands, or an answer that says nothing else. So "stop replying to
me" is a wish and "I can't stop eating this" is none. When both readings are fair it is taken for a wish, because a
reply too few costs one author and a reply too many breaks a promise.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from actors.domain.text import MENTION, URL, visible

_LONGEST = 500
"""Characters that are looked at; a post has fewer."""


class Wish(StrEnum):
    """What somebody asked for; all that is kept of his words."""

    STOP = "asked us to stop"
    UNSUBSCRIBE = "asked to be taken off"
    NO_BOTS = "wants no bots"
    LEAVE_ALONE = "asked to be left alone"


_SENTENCE_END = re.compile(r"[.!?;:,…\n()\[\]\"“”]+|\s[-–—]+\s")
_NO_WORD = re.compile(r"[^\w'#]+")
_HASHTAG = re.compile(r"#no_?bots?\b")

# Around a command; none of them changes what it says.
_BEFORE = (
    r"(?:(?:please|pls|plz|just|ok|okay|hey|hi|hello|now|kindly|seriously|sorry|and|so|then|but|bot|bro|dude|man|really|"
    r"yo|ugh|lol|wtf|omg|thanks|thx|once|more|again|you|(?:can|could|will|would)\syou|you\s(?:should|must|(?:need|have)\sto)|"
    r"i\s(?:said|(?:asked|told|want|need)\syou)(?:\sto)?)\s)*"
)
_AFTER = (
    r"(?:\s(?:please|pls|plz|just|now|already|thanks|thx|bot|bots|bro|dude|man|again|right|ok|okay|immediately|forever|"
    r"ever|at|once|all|from|this|that|it|me|us|my|our|mine|list|account|page|posts?|tweets?|threads?|replies|comments|"
    r"mentions|notifications|feed|here|in|on|to|under|with|your|you|the|these|those|and|for|good|anymore|any|more|"
    r"allowed|welcome|spam|spamming|messages|answers|automated|ai|botting|talking|stop|unsubscribe|goodbye|bye))*"
)
_PESTER = (
    r"(?:replying|responding|answering|commenting|tagging|contacting|messaging|mentioning|writing|dming|spamming|"
    r"bothering|pestering|harassing|following|stalking|talking|posting|botting|notifying|pinging|annoying)"
)
_CONTACT = (
    r"(?:reply|respond|answer|comment|tag|contact|message|mention|write|dm|spam|bother|talk|engage|interact|post)"
)
_OUR_PLACE = r"(?:me|us|here|again|anymore|my\s\w+|our\s\w+|this\s(?:account|page|thread|post))"
_MACHINE = r"(?:bots?|bot\s(?:replies|comments|accounts|answers|spam)|ai\s(?:replies|comments|answers)|automated\s\w+)"

_AT = r"(?:(?:to|on|under|at|in|with)\s)?"
_WHAT_WE_SEND = r"(?:replies|reply|comments?|answers|messages|spam)"

_COMMANDS: dict[Wish, tuple[str, ...]] = {
    Wish.STOP: (
        rf"sto+p(?:\s(?:it|this|that))?\s(?:with\s)?{_PESTER}\s{_AT}{_OUR_PLACE}",
        rf"sto+p\s(?:with\s)?(?:the|your|these|this)\s(?:{_MACHINE}|{_WHAT_WE_SEND})",
        r"sto+p\s(?:spamming|botting|pestering|harassing|replying|tagging|bothering)",
        rf"(?:do\snot|don't|dont|never)\s(?:ever\s)?{_CONTACT}\s{_AT}{_OUR_PLACE}",
        rf"no\smore\s(?:of\s)?(?:your|these|automated)\s{_WHAT_WE_SEND}",
        rf"i\s(?:do\snot|don't|dont)\swant\s(?:any\s)?(?:more\s)?(?:of\s)?(?:your|these|bot|automated)\s{_WHAT_WE_SEND}",
    ),
    Wish.UNSUBSCRIBE: (
        r"unsubscribe\s(?:me|us)",
        r"(?:how\s(?:do|can)\si|i\swant\sto|let\sme|i'd\slike\sto)\s(?:unsubscribe|opt\sout)",
        r"(?:opt|take|remove|count)\s(?:me|us)\s(?:out|off|from\s(?:this|your)\slist)",
    ),
    Wish.NO_BOTS: (rf"no\s(?:more\s)?{_MACHINE}",),
    Wish.LEAVE_ALONE: (r"leave\s(?:me|us)\s(?:alone|be|in\speace|out\sof\s(?:this|it))",),
}
"""What a whole sentence must be, up to the words around it."""

_ANSWERS: dict[Wish, tuple[str, ...]] = {
    Wish.STOP: (r"(?:sto+p(?:\s(?:it|this|that))?\s?)+",),
    Wish.UNSUBSCRIBE: (r"unsubscribe", r"(?:i\s)?opt(?:ing)?\sout"),
    Wish.NO_BOTS: (
        r"(?:(?:is\sthis|are\syou|you\sa|just)\sa\s)?bots?",
        r"(?:blocked|reported|blocked\sand\sreported|block\sand\sreport)",
        r"spam(?:\sbot)?",
    ),
    Wish.LEAVE_ALONE: (r"(?:go\saway|get\slost|get\soff\smy\s\w+)",),
}
"""What a whole answer must be: in a longer one these words may say anything."""


def _compiled(commands: dict[Wish, tuple[str, ...]]) -> dict[Wish, re.Pattern[str]]:
    return {wish: re.compile(f"{_BEFORE}(?:{'|'.join(each)}){_AFTER}") for wish, each in commands.items()}


_BY_SENTENCE, _BY_ANSWER = _compiled(_COMMANDS), _compiled(_ANSWERS)
_HANDLE = re.compile(r"[a-z0-9_]{1,20}")


def wish_of(text: str) -> Wish | None:
    """Return what the author of an answer (or of a profile) asks for, or None if he does not ask to be left alone.

    Takes any text of any length; what lies behind the first 500 characters is not read.
    """
    plain = visible(unicodedata.normalize("NFKC", text[:_LONGEST]).replace("\r", "\n")).casefold().replace("’", "'")
    if _HASHTAG.search(plain):
        return Wish.NO_BOTS
    plain = MENTION.sub(" ", URL.sub(" ", plain))
    sentences = [" ".join(_NO_WORD.sub(" ", each).replace("#", "").split()) for each in _SENTENCE_END.split(plain)]
    for wish, command in _BY_SENTENCE.items():
        if any(command.fullmatch(sentence) for sentence in sentences):
            return wish
    whole = " ".join(filter(None, sentences))
    return next((wish for wish, answer in _BY_ANSWER.items() if answer.fullmatch(whole)), None)


def handle_of(author: str) -> str:
    """Return a handle as opt-outs are kept, or an empty text if it is none."""
    handle = author.strip().removeprefix("@").lower()
    return handle if _HANDLE.fullmatch(handle) else ""
