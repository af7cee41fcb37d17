"""What a post can be: the arms of the learner as data, and the words by which a reader recognises each.

Three parties share this module. The planner draws an `Arm` from `FACTORS`, the brief describes it to the writer, and
the sandbox's audience recovers the same values from the published text alone, by the markers below. All markers are
lower case and are sought in lower-case text; patterns are regular expressions for `re.search` with `IGNORECASE`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arm:
    """One cell of the grid: a value of each factor."""

    generator: str
    topic: str
    hook: str
    format: str
    length: str


GENERATORS = {
    "dataNerd": "weighs effect sizes and the quality of the evidence",
    "mythBuster": "takes a belief and says what the evidence says",
    "contrarian": "argues against the consensus, with reasons",
    "provocateur": "asks uncomfortable questions and states bold claims",
    "storyteller": "tells an episode with an arc",
    "coach": "gives a clear protocol and says what to do",
    "teacher": "explains a concept step by step",
    "pragmatist": "keeps what works in a normal, busy life",
    "explorer": "brings an unusual or overlooked practice",
    "experimenter": "shows how to test it on oneself",
    "investigator": "digs into method and motive",
    "thoughtLeader": "sees the larger trend and the future",
    "philosopher": "weighs meaning and trade-offs",
    "newsReporter": "reports what is current, soberly",
    "historian": "tells how the idea came to be",
    "culturalBridge": "links books, kitchens and customs",
    "popCultureAnalyst": "takes shows, songs and memes as the way in",
    "connector": "links two distant fields",
    "patternFinder": "shows a recurring pattern",
    "translator": "turns jargon into plain language",
    "interestingContent": "states a counter-intuitive fact",
    "dynamicContent": "varies structure and pace freely",
}
"""Each writer's voice in one line, by name."""

TOPICS = {
    "sleep": "sleep",
    "morning_light": "daylight in the morning",
    "hydration": "drinking enough",
    "gut_health": "the gut and its microbes",
    "strength": "strength training",
    "walking": "walking",
    "stress": "everyday stress",
    "breathing": "slow breathing",
    "focus": "attention and focus",
    "connection": "friendship and company",
}

HOOKS = {
    "question": "open with a question the reader has asked too",
    "contrast": "open by setting two things against each other",
    "story": "open with a person and a moment",
    "reveal": "open by naming what is usually overlooked",
    "instruction": "open with something to do",
    "myth": "open with a common belief that does not hold",
}

FORMATS = {
    "plain": "one paragraph without line breaks",
    "list": "an opening line, then two or three lines that begin with •",
    "steps": "an opening line, then lines that begin with First, Then and Finally",
    "pair": "an opening line, then two lines that oppose each other, such as Tempting: and Wiser:",
}

LENGTHS = {"short": (125, 190), "medium": (191, 220), "long": (221, 248)}
"""Weighted length, from and to, inclusive. Nothing above 250, where the quality gate gives no points for length."""

FACTORS: dict[str, tuple[str, ...]] = {
    "generator": tuple(GENERATORS),
    "topic": tuple(TOPICS),
    "hook": tuple(HOOKS),
    "format": tuple(FORMATS),
    "length": tuple(LENGTHS),
}
"""The values of each factor, in the order of the learner's features; a change of order invalidates old snapshots."""

SLOT_GENERATORS: dict[str, tuple[str, ...]] = {
    "myth_busting": ("mythBuster", "contrarian", "dataNerd"),
    "framework": ("coach", "teacher", "thoughtLeader"),
    "research": ("dataNerd", "investigator"),
    "practical_tip": ("coach", "pragmatist", "teacher"),
    "case_study": ("storyteller", "culturalBridge", "experimenter"),
    "trend_analysis": ("newsReporter", "thoughtLeader"),
    "comparison": ("dataNerd", "pragmatist", "investigator"),
    "deep_dive": ("investigator", "philosopher", "patternFinder"),
    "question": ("provocateur", "thoughtLeader", "connector"),
    "story": ("storyteller", "culturalBridge", "historian"),
    "news": ("newsReporter", "dataNerd", "investigator"),
    "educational": ("teacher", "coach", "translator"),
}
"""The twelve content slots, each with the writers it prefers."""

CALENDAR: tuple[tuple[str, str], ...] = (
    ("framework", "research"),
    ("practical_tip", "myth_busting"),
    ("case_study", "deep_dive"),
    ("comparison", "trend_analysis"),
    ("question", "story"),
    ("practical_tip", "news"),
    ("educational", "framework"),
)
"""The two slots of each weekday; the index is `datetime.weekday()`, Monday first."""

ANGLES: dict[str, tuple[str, ...]] = {
    "cultural": (
        "how families pass the habit on without naming it",
        "what other kitchens and customs take for granted",
        "why holidays break the rhythm and how to keep it",
        "the custom that looks quaint and works anyway",
    ),
    "media": (
        "what films get wrong about it",
        "why the viral version misses the point",
        "the boring truth behind a shiny trend",
        "what never makes it into a headline",
    ),
    "industry": (
        "what gadgets promise and habits deliver",
        "what the office quietly does to it",
        "why convenience was designed against it",
        "the free alternative nobody advertises",
    ),
    "controversial": (
        "where the usual advice goes too far",
        "why discipline is the wrong word for it",
        "the part experts rarely say out loud",
        "when doing less is the better choice",
    ),
    "mechanism": (
        "what the body does while nobody watches",
        "the signal that starts the whole chain",
        "why timing matters more than effort",
        "how a small cue changes the rest of the day",
    ),
    "benefit": (
        "the side effect that people notice first",
        "what changes on an ordinary afternoon",
        "how it pays off on a bad day",
        "the easiest version that still counts",
    ),
}
"""What a post may be about within its topic, at most twelve words each, by type of angle."""

TONES: dict[str, tuple[str, ...]] = {
    "bold": ("bold", "direct", "brisk", "confident"),
    "neutral": ("neutral", "factual", "sober", "measured"),
    "warm": ("warm", "gentle", "encouraging", "friendly"),
    "playful": ("playful", "wry", "lively", "cheeky"),
    "thoughtful": ("thoughtful", "reflective", "curious", "patient"),
}
"""Single adjectives, by cluster; the clusters are to be used about equally often."""

GENERATOR_MARKERS: dict[str, tuple[str, ...]] = {
    "dataNerd": ("the data", "effect size", "signal and noise", "trend line", "dataset", "measurable"),
    "mythBuster": ("the evidence", "does not hold up", "half-true", "fact check", "debunk"),
    "contrarian": ("unpopular", "the usual advice", "consensus", "against the grain", "disagree"),
    "provocateur": ("uncomfortable", "be honest", "excuse", "nobody wants to hear", "dare"),
    "storyteller": ("by spring", "next door", "in the end", "that evening", "the turning point"),
    "coach": ("your move", "the plan", "practice this", "game day", "training rule"),
    "teacher": ("think of it as", "the lesson", "the key idea", "remember it this way", "class dismissed"),
    "pragmatist": ("good enough", "busy days", "real life", "beats perfect", "lowest effort"),
    "explorer": ("little-known", "off the map", "uncharted", "rarely visited", "worth exploring"),
    "experimenter": ("test it", "baseline", "compare notes", "run the experiment", "change a single thing"),
    "investigator": ("follow the chain", "fine print", "dig deeper", "the trail", "look closer"),
    "thoughtLeader": ("the future", "coming years", "the bigger shift", "next decade", "long game"),
    "philosopher": ("trade-off", "meaning", "worth pondering", "a life well", "wisdom"),
    "newsReporter": ("headlines", "this season", "on the record", "making news", "the story so far"),
    "historian": ("centuries", "generations", "history", "ancient", "ancestors"),
    "culturalBridge": ("many cultures", "tradition", "proverb", "novel", "customs"),
    "popCultureAnalyst": ("sitcom", "movie", "meme", "playlist", "celebrity"),
    "connector": ("engineers", "compound interest", "orchestra", "gardeners", "architects"),
    "patternFinder": ("pattern", "again and again", "same loop", "recurring", "rhyme"),
    "translator": ("plain words", "plain english", "jargon", "translated", "put simply"),
    "interestingContent": ("oddly", "counterintuitive", "strange but true", "curiously", "paradox"),
    "dynamicContent": ("plot twist", "zoom out", "zoom in", "quick detour", "remix"),
}
"""Phrases that give a writer away; no phrase belongs to two of them."""

TOPIC_WORDS: dict[str, tuple[str, ...]] = {
    "sleep": ("sleep", "asleep", "bed", "bedtime", "pillow", "bedroom", "melatonin", "drowsy"),
    "morning_light": ("daylight", "sunlight", "sunrise", "sky", "outdoor light", "body clock", "curtains", "dawn"),
    "hydration": ("water", "drink", "thirst", "glass", "hydration", "fluid", "bottle", "sip"),
    "gut_health": ("gut", "microbes", "fiber", "beans", "vegetables", "yogurt", "digestion", "fermented"),
    "strength": ("muscle", "muscles", "strength", "lift", "lifting", "squat", "weights", "tendons"),
    "walking": ("walk", "walking", "walks", "stroll", "stairs", "steps outside", "sidewalk", "on foot"),
    "stress": ("stress", "tension", "cortisol", "worry", "worries", "overload", "alarm", "pressure"),
    "breathing": ("breath", "breaths", "breathing", "exhale", "inhale", "lungs", "diaphragm", "nose"),
    "focus": ("focus", "attention", "distraction", "notifications", "phone", "tabs", "concentration", "task"),
    "connection": ("friend", "friends", "friendship", "company", "loneliness", "conversation", "together", "neighbors"),
}
"""Whole words that give a topic away; the topic with the most of them wins."""

HOOK_PATTERNS: dict[str, str] = {
    "question": r"^[^.!\n]*\?",
    "myth": r"^[^.?\n]*\b(myth|people (believe|assume)|(belief|claim) that|rumor|folklore|goes the saying)\b",
    "story": r"^(picture|imagine|meet|one (evening|morning|night)|last (winter|summer|spring|autumn|year))\b",
    "reveal": r"^(the (quiet|hidden|overlooked|missing|underrated)|hardly anyone|few people|what rarely|behind)\b",
    "contrast": r"^[^.?\n]*\b(not|rather than|versus|on paper|less about|gets the credit|loses to|looks like|sounds)\b",
    "instruction": r"^(try|start|make|do|keep|pick|give|begin|put|set|choose|use|take|practice|save|steal)\b",
}
"""What the opening of a text must match, for `re.search` on the whole text; the first match in this order wins."""

FORMAT_PATTERNS: dict[str, str] = {
    "list": r"(?m)^\s*[•–-] .*\n\s*[•–-] ",
    "steps": r"(?ms)^first\b.*^(then|next|finally|last)\b",
    "pair": r"(?m)^[a-z][a-z ]{1,14}: .+\n+[a-z][a-z ]{1,14}: .+",
    "plain": r"",
}
"""The first pattern that matches the text, in this order, names its format."""
