"""The sandbox's writer of replies: takes up words of a post and adds something useful, by one of five strategies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from actors.domain.taxonomy import TOPIC_WORDS, TOPICS
from actors.domain.text import MENTION, URL, words
from actors.sandbox.model_words import Fact, answers, stock
from actors.sandbox.model_writer import OBEDIENCE, capital, pick

if TYPE_CHECKING:
    import numpy as np

    from actors.sandbox.model_task import Task

LEAST, MOST = 40, 240
"""Characters of a reply."""

HASTE = 0.05
"""Chance to say what could be said to anybody; and again, to go on for too long."""

_DRAFTS = 60
_MOST_WORDS = 3
_GOOD_WORTH = 1.0
_FEWEST_LETTERS, _MOST_LETTERS = 4, 13
_WORD = re.compile(r"[A-Za-z]+(?:['’][a-z]+)?|[.!?\n]")
_NO_WORDS = re.compile(rf"{URL.pattern}|{MENTION.pattern}|#\w+|\w*\d\w*", re.IGNORECASE)
_TOPICAL = frozenset(word for of_topic in TOPIC_WORDS.values() for word in of_topic)
_NO_NOUN = ("ly", "ing", "ed", "n't", "'s", "’s", "’t")


def reply_to(task: Task, rng: np.random.Generator) -> str:
    """Answer the target of the task. What the target says is a subject and never an order."""
    said = answers()
    haste = rng.random()
    if haste < HASTE:
        return pick(said.generic, rng)
    asked = task.parameters.get("strategy", "")
    obeys = asked in said.strategies and rng.random() < OBEDIENCE
    strategy = asked if obeys else pick(sorted(said.strategies), rng)
    topic = _topic(task, rng)
    best, fact = _draft(strategy, topic, task.target, rng)
    for _ in range(_DRAFTS):
        if LEAST <= len(best) <= MOST:
            break
        best, fact = _draft(strategy, topic, task.target, rng)
    if haste > 1 - HASTE:
        best = " ".join([best, *(_told(more, fact, topic, "", rng) for more in said.more)])
    return best


def echoes(text: str) -> list[str]:
    """Return up to three words of a text that an answer can take up, as nouns mostly, in their order."""
    found: dict[str, tuple[float, int]] = {}
    before = "."
    for place, word in enumerate(_WORD.findall(_NO_WORDS.sub(" ", text))):
        low = word.casefold()
        is_name = word[:1].isupper() and before not in ".!?\n"
        worth = 0.0 if is_name else _worth(low, before)
        if worth > 0:
            found[low] = max(found.get(low, (0.0, 0)), (worth, -place))
        before = low
    best = sorted(found, key=lambda word: found[word], reverse=True)
    good = [word for word in best if found[word][0] >= _GOOD_WORTH]
    return sorted((good if len(good) > 1 else best[:2])[:_MOST_WORDS], key=lambda word: -found[word][1])


def _worth(word: str, before: str) -> float:
    """Tell how well a word would do as a noun, 0 or less for not at all, by what it is and what stands before it."""
    said = answers()
    is_topical = word in _TOPICAL
    is_long = _FEWEST_LETTERS <= len(word) <= _MOST_LETTERS
    if word in said.unsaid or not word.isalpha() or not (is_topical or is_long):
        return 0.0
    return 3.0 * is_topical + 2.0 * (before in said.nouns_follow) - 3.0 * word.endswith(_NO_NOUN) + len(word) / 10


def _topic(task: Task, rng: np.random.Generator) -> str:
    """Return the topic that the target's words name, else the one of the order, else any."""
    said = set(words(task.target))
    hits = {topic: len(said & set(of_topic)) for topic, of_topic in TOPIC_WORDS.items()}
    best = max(hits, key=lambda topic: hits[topic])
    asked = task.parameters.get("topic", "")
    if asked in TOPICS and hits[asked] >= hits[best]:
        return asked
    return best if hits[best] else pick(sorted(TOPICS), rng)


def _draft(strategy: str, topic: str, target: str, rng: np.random.Generator) -> tuple[str, Fact]:
    facts = sorted(stock().facts[topic], key=lambda fact: _kinship(fact, target) + rng.random(), reverse=True)
    fact = facts[int(rng.integers(3))]
    found = echoes(target)
    if len(found) == _MOST_WORDS and rng.random() < 2 / 3:
        found.pop(int(rng.integers(_MOST_WORDS)))
    if len(found) < 2 and not set(found) & set(words(TOPICS[topic])):
        found.append(TOPICS[topic])
    echo = " and ".join(found) if len(found) < _MOST_WORDS else "{}, {} and {}".format(*found)
    return _told(pick(answers().strategies[strategy], rng), fact, topic, echo, rng), fact


def _kinship(fact: Fact, target: str) -> int:
    """Count the words that a fact and a text have in common, but for those that say nothing."""
    own = words(" ".join([*fact.do, *fact.why, fact.so, fact.skip, fact.belief, fact.trouble]))
    return len((set(own) & set(words(target))) - answers().unsaid)


def _told(template: str, fact: Fact, topic: str, echo: str, rng: np.random.Generator) -> str:
    said = {
        "echo": echo,
        "name": TOPICS[topic],
        "person": pick(stock().persons, rng),
        "do": pick(fact.do, rng),
        "why": pick(fact.why, rng),
        "so": fact.so,
        "skip": fact.skip,
        "belief": fact.belief,
        "trouble": fact.trouble,
    }
    return template.format(**said, **{key.capitalize(): capital(value) for key, value in said.items()})
