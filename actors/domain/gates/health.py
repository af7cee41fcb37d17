"""Gate: nothing that could harm a reader who believes it.

The standard aimed at is that of the FTC's Health Products Compliance Guidance (2022): competent and reliable
scientific evidence. This release has no store of evidence, so whatever would need a source is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.domain.gates.verdict import Finding, broken, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

_DISEASE = (
    r"(?:cancers?|tumou?rs?|diabet(?:es|ic)|depress(?:ion|ed)|anxiety|adhd|autism|alzheimer'?s?|dementia|parkinson'?s?"
    r"|arthritis|asthma|heart (?:disease|attacks?)|strokes?|hypertension|blood pressure|cholesterol|obesity|insomnia"
    r"|sleep apnea|migraines?|ibs|crohn'?s|eczema|psoriasis|infections?|covid|the flu|common colds?|inflammation"
    r"|autoimmune|osteoporosis|fibromyalgia|ptsd|bipolar|schizophrenia|addiction|burnout"
    r"|chronic (?:pain|fatigue|disease))"
)
_EFFECT = (
    r"(?:prevent|treat|reduc|lower|fight|beat|protect|revers|fix|eas|help|improv|manag|reliev|eliminat|heal|end|stop"
    r"|caus|trigger|ward|control|combat|tam|slash|cut|halv|erase|defeat|banish)\w*"
)
_TREATMENT = (
    r"(?:medications?|medicines?|meds|pills|drugs|statins?|insulin|antidepressants?|chemo(?:therapy)?|vaccin\w+"
    r"|antibiotics|inhalers?|prescriptions?|doctors?|therap(?:y|ist)|surgery|treatment)"
)
_ABANDON = (
    r"(?:stop|quit|ditch|skip|avoid|drop|throw (?:away|out)|replac\w+|refuse|instead of|don't need|do not need"
    r"|no need for|better than)"
)
_SAME_SENTENCE = r"\b[^.!?\n]{0,80}\b"

_RULES = (
    rule("cure", r"\bcur(?:e|es|ed|ing|able)\b|\bmiracles?\b|\bremission\b"),
    rule(
        "absolute",
        r"\bguarantee(?:s|d)?\b|\balways works\b|\bworks for (?:everyone|everybody|anyone)\b|\bnever fails\b",
        r"\b(?:no|zero|without) side effects\b|\bcompletely (?:safe|harmless)\b|\bpermanently\b|\binstant(?:ly)?\b",
        r"\b(?:clinically|scientifically|medically) proven\b|\bproven to\b",
    ),
    rule(
        "anti_treatment",
        rf"\b{_ABANDON}\b[^.!?\n]{{0,40}}\b{_TREATMENT}\b",
        r"\bdon't want you to know\b|\bbig pharma\b",
    ),
    rule(
        "self_harm",
        r"\bsuicid\w*|\bself[- ]?harm\w*|\bcutting yourself\b",
        r"\bkill (?:yourself|themselves)\b|\bend (?:your|their) life\b",
    ),
    rule(
        "eating_disorder",
        r"\b(?:anorexi|bulimi|thinspo|pro-?ana)\w*|\beating disorders?\b|\bpurg(?:e|ing)\b|\bbing(?:e|ing)\b",
        r"\bstarv(?:e|ing)\b|\blaxatives?\b|\b(?:burn|earn) off (?:a|the|your|that) \w+",
    ),
    rule(
        "pregnancy",
        r"\bpregnan\w+|\bbreast-?feeding\b|\bmiscarriage\b|\bpostpartum\b|\btrimester\b|\bprenatal\b|\bfertility\b",
        r"\bexpecting mothers?\b",
    ),
    rule(
        "paediatric",
        r"\b(?:child(?:ren)?|kids?|toddlers?|bab(?:y|ies)|infants?|newborns?|teen(?:s|agers?)?|pa?ediatric\w*)\b",
    ),
    rule("disease_claim", rf"\b{_EFFECT}{_SAME_SENTENCE}{_DISEASE}\b", rf"\b{_DISEASE}{_SAME_SENTENCE}{_EFFECT}\b"),
    rule(
        "efficacy_claim",
        r"\b(?:boost|strengthen|supercharge)\w* (?:your |the )?(?:immun\w+|metabolism|testosterone|libido)\b",
        r"\b(?:burn|melt)s? (?:belly |body )?fat\b|\b(?:lose|drop|shed) (?:weight|pounds|inches)\b|\bweight loss\b",
        r"\bdetox\w*|\bcleanses?\b|\btoxins\b|\bbalance[sd]? (?:your )?hormones\b|\bheal(?:s|ed|ing)? (?:your|the) \w+",
        r"\banti-?ag(?:e|ing)\b|\blive longer\b|\badds? years\b",
    ),
    rule(
        "dose",
        r"\b\d[\d.,]*\s?(?:mg|mcg|µg|μg|ug|iu|ml|g|grams?|lux|units)\b",
        r"\b(?:milligrams?|micrograms?|overdos\w+|megadoses?)\b",
    ),
    rule(
        "unsafe_practice",
        r"\b(?:dry|water|multi-?day|extended|prolonged) fast(?:s|ing)?\b|\braw milk\b|\bmouth tap(?:e|ing)\b",
        r"\bhyperventilat\w+|\bhold your breath (?:as|until)\b|\bunderwater\b",
        r"\bsun ?gazing\b|\bstar(?:e|ing) at the sun\b|\bwithout sunscreen\b|\bskip sleep\b|\ball-nighter\b",
    ),
)


def judge_health(text: str, history: Sequence[str]) -> Finding:
    """Refuse cures, absolutes, advice against treatment, delicate subjects, and claims or doses that need a source."""
    del history
    return Finding(broken(_RULES, text))
