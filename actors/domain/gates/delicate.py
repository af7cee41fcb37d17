"""Gate: subjects on which no program answers a stranger, told from his own words.

`health` is written for what we say to readers; this is for what people say of themselves. It errs on the side of
silence: an answer too few costs nothing, and a cheerful one under somebody's grief cannot be taken back.
"""

from __future__ import annotations

from actors.domain.gates.verdict import broken, rule

_MY = r"(?:my|our|his|her|their)"
_KIN = (
    r"(?:mum|mom|mother|dad|father|parents?|wife|husband|partner|son|daughter|child|baby|brother|sister|gran\w*|nan"
    r"|friend|dog|cat)"
)

_RULES = (
    rule(
        "self_harm",
        r"\bsuicid\w*|\bself[- ]?harm\w*|\bkms\b|\bunalive\w*",
        r"\b(?:kill|hurt|harm|cut|cutting|hurting|harming|killing|starv\w+) (?:my|your|him|her|them|our)sel(?:f|ves)\b",
        r"\bend(?:ing)? (?:my|your|their|his|her|this) (?:own )?life\b|\bend(?:ing)? it all\b",
        r"\b(?:want|wanna|wish|ready) (?:to |i (?:could|would|was|were) )?(?:die|dead|disappear)\b",
        r"\b(?:don'?t|do not|no longer) want to (?:live|be alive|be here|wake up|exist)\b",
        r"\b(?:no|without a|any) (?:reason|point) (?:to|in|of) (?:live|living|go(?:ing)? on)\b",
        r"\bbetter off (?:dead|without me)\b|\bcan(?:'?t|not) go on\b|\bgive up on life\b",
    ),
    rule(
        "eating_disorder",
        r"\b(?:anorexi|bulimi|thinspo|pro-?ana)\w*|\beating disorders?\b|\bpurg(?:e|ed|ing)\b|\bbing(?:e|ed|ing)\b",
        r"\bmade myself (?:sick|throw up|vomit)\b|\bstarv(?:e|ed|ing)\b|\blaxatives?\b",
    ),
    rule(
        "emergency",
        r"\bchest pains?\b|\b(?:can'?t|cannot|could ?n'?t) breathe\b|\boverdos\w+|\bheart attacks?\b|\bstroke\b",
        r"\bambulance\b|\b(?:in|to|from|at) (?:the )?(?:er|icu|hospital|hospice|emergency room)\b|\bpanic attacks?\b",
        r"\bcough\w* (?:up )?blood\b|\bbleeding\b|\bpassed out\b|\bunconscious\b",
    ),
    rule(
        "abuse",
        r"\b(?:abus(?:ed?|ive|er|ing)|assault\w*|raped?|molest\w*|domestic violence)\b",
        r"\b(?:hits?|beats?|hurts?) me\b",
    ),
    rule(
        "grief",
        rf"\b{_MY} (?:\w+ ){{0,2}}{_KIN} (?:has |have |had )?(?:just )?(?:died|passed(?: away)?|is dying|was killed)\b",
        rf"\b(?:lost|buried|bury|burying|miss(?:ing)?) {_MY} (?:\w+ ){{0,2}}{_KIN}\b",
        r"\b(?:funeral|bereave\w+|grie(?:f|v\w+)|mourn\w*|widow\w*|obituary|rest in peace|rip)\b",
    ),
    rule(
        "illness",
        r"\b(?:cancer|tumou?r|chemo\w*|terminal(?:ly)?|metasta\w+|leuk(?:a?)emia|dementia|alzheimer'?s?)\b",
        r"\bdiagnos(?:ed|is)\b",
    ),
    rule(
        "pregnancy",
        r"\bpregnan\w+|\bbreast-?feeding\b|\bmiscarr\w+|\bstillb\w+|\bpostpartum\b|\btrimester\b|\bprenatal\b",
        r"\bfertility\b|\bivf\b",
    ),
    rule(
        "minor",
        r"\b(?:i'?m|i am|im) (?:only )?(?:[5-9]|1[0-7])\b(?! (?:min|hour|day|week|month|km|mile|kg|lb|pound|step|%))",
        r"\b(?:my|our) (?:toddler|newborn|infant|baby)\b|\b(?:1[0-7]|[5-9]) ?(?:yo|y/o|years? old)\b",
    ),
)


def delicate(text: str) -> str:
    """Return the code of the first delicate subject that a stranger's text touches; empty: none."""
    return next((code for code, _ in broken(_RULES, text)), "")
