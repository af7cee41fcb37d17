"""What was said already: a word that comes again under its id is answered again, and not carried out again."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from actors.control.words import Command, only_reads

_LIMIT = 2000
_AT_WORK = "it is being carried out already"
_OTHER = "its id was given to another word before"
_BEFORE = "it was carried out before this process started, and is not again"


@dataclass(frozen=True, slots=True)
class Again:
    """The answer to a word that was said before."""

    ok: bool
    text: str


@dataclass(slots=True)
class Spoken:
    """Words with consequences by their ids, the latest of them. A word without an id is a new one each time."""

    answers: OrderedDict[str, tuple[str, Again]] = field(default_factory=OrderedDict)
    """By id: the word with its arguments, and what to answer if it comes again."""

    def again_or_remember(self, command: Command) -> Again | None:
        """Return the answer if the word was said before, or None and remember it."""
        if not command.id or only_reads(command):
            return None
        text = _text_of(command)
        known = self.answers.get(command.id)
        if known is not None:
            said, answer = known
            return answer if said == text else Again(ok=False, text=_OTHER)
        self._keep(command.id, text, Again(ok=True, text=_AT_WORK))
        return None

    def answered(self, command_id: str, *, ok: bool, text: str) -> None:
        """Take the answer that was given to a word."""
        if command_id in self.answers:
            self.answers[command_id] = (self.answers[command_id][0], Again(ok, text))

    def recall(self, command: Command) -> None:
        """Learn that a word was carried out before this process."""
        if command.id and command.id not in self.answers and not only_reads(command):
            self._keep(command.id, _text_of(command), Again(ok=True, text=_BEFORE))

    def _keep(self, command_id: str, text: str, answer: Again) -> None:
        self.answers[command_id] = (text, answer)
        if len(self.answers) > _LIMIT:
            self.answers.popitem(last=False)


def _text_of(command: Command) -> str:
    return " ".join((command.word, *command.said))
