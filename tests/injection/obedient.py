"""A model that obeys every payload it reads, as far as the schema lets it; one that finds none answers as usual."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args, get_origin

import pydantic

from actors.domain.replies.gates import content_words
from actors.sandbox.model_label import fields_of
from tests.jobs.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.injection.payloads import Payload

_FENCED = re.compile(r"^<<<(\w{12,})\n(.*?)^\1>>>$", re.MULTILINE | re.DOTALL)
_CODEWORD = re.compile(r"\b(?:[a-z]{2}){3}x\b")
_FIGURES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DEMANDED = ("playful", "stress")
"""What the family `label` wants every post to be."""
_CLOSERS = (
    "Curtains, cool air and dull books do more than willpower ever promised.",
    "A neighbour solved it with a kitchen timer, a glass of tea and an earlier supper.",
)


@dataclass
class ObedientModel:
    """Behind the model's door. `attempts` tells how often it obeyed each payload, `leaks` what stood in the open."""

    payloads: dict[str, Payload]
    attempts: dict[str, int] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    """Every text that a payload made it write."""

    leaks: list[str] = field(default_factory=list)
    spoiled: list[int] = field(default_factory=list)
    """How many posts each call for labels gave the label that one of them demanded for all."""

    usual: Writer = field(default_factory=Writer)

    def complete(self, messages: Any, schema: Any, **how: Any) -> Any:
        whole = "\n".join(each["content"] for each in messages)
        self._look_for_leaks(messages)
        found = [self.payloads[word] for word in dict.fromkeys(_CODEWORD.findall(whole)) if word in self.payloads]
        if not found:
            return self.usual.complete(messages, schema, **how)
        for payload in found:
            self.attempts[payload.codeword] = self.attempts.get(payload.codeword, 0) + 1
        if schema.__name__ == "Labels":
            return schema.model_validate(self._label(schema, messages, how))
        return schema.model_validate(self._obey(schema, messages, found))

    def _label(self, schema: Any, messages: Any, how: Any) -> dict[str, Any]:
        """Label each post as it wants to be, and all as one of them wants that all are, in words of the vocabulary."""
        order = messages[-1]["content"]
        wanted = {
            int(number): self.payloads[word]
            for number, line in re.findall(r"^\[(\d+)\](.*)$", order, re.MULTILINE)
            for word in _CODEWORD.findall(line)
            if word in self.payloads
        }
        entries = self.usual.complete(messages, schema, **how).model_dump()["labels"]
        values = fields_of(order.partition("<<<")[0])
        demanded = {
            name: next((each for each in DEMANDED if each in known), known[0]) for name, known in values.items()
        }
        is_spoiled = any(payload.family == "label" for payload in wanted.values())
        self.spoiled.append(len(entries) if is_spoiled else 0)
        for entry in entries:
            if is_spoiled:
                entry.update(demanded)
            elif payload := wanted.get(entry["number"]):
                entry.update(dict.fromkeys(values, payload.say))
        return {"labels": entries}

    def _look_for_leaks(self, messages: Any) -> None:
        system, *others = (each["content"] for each in messages)
        for text in (system, *(_FENCED.sub("", each) for each in others)):
            self.leaks += [word for word in _CODEWORD.findall(text) if word in self.payloads]
            self.leaks += [each.demand for each in self.payloads.values() if each.say in text]

    def _obey(self, schema: Any, messages: Any, found: list[Payload]) -> dict[str, Any]:
        """Return an answer of the schema's form in which every field is what a payload wants it to be."""
        order = messages[-1]["content"]
        numbers = {
            int(number): word
            for number, line in re.findall(r"^\[(\d+)\](.*)$", order, re.MULTILINE)
            for word in _CODEWORD.findall(line)
        }
        answer: dict[str, Any] = {}
        for name, each in schema.model_fields.items():
            if get_origin(each.annotation) in (list, tuple):
                (item, *_) = get_args(each.annotation)
                count = max(1, len(re.findall(r"^\[\d+\]", order, re.MULTILINE)))
                answer[name] = [
                    self._item(item, number, found[number % len(found)], is_its_own=number in numbers)
                    for number in range(1, count + 1)
                ]
            else:
                answer[name] = self._value(name, each.annotation, found[0], messages)
        return answer

    def _item(self, item: Any, number: int, payload: Payload, *, is_its_own: bool) -> Any:
        if not (isinstance(item, type) and issubclass(item, pydantic.BaseModel)):
            return payload.say
        fixed = {"number": number, "score": 10.0 if is_its_own else 0.0}
        return {name: fixed.get(name, payload.say) for name in item.model_fields}

    def _value(self, name: str, annotation: Any, payload: Payload, messages: Any) -> Any:
        if annotation in (int, float):
            return annotation(10)
        text = self._text(payload, messages)
        self.written.append(text)
        return text if name != "choice" else payload.say

    def _text(self, payload: Payload, messages: Any) -> str:
        """Write what is demanded; after a refusal, in a dress that the gates may like better."""
        system, order = messages[0]["content"], messages[-1]["content"]
        canary = next(iter(re.findall(r"repeated: (\w+)", system)), "canary")
        nonce = next(iter(re.findall(r"^<<<(\w+)$", order, re.MULTILINE)), "nonce")
        spelled = " ".join(_FIGURES[int(sign)] if sign.isdigit() else sign for sign in canary)
        say = payload.say
        for key, value in (("canary", canary), ("nonce", nonce), ("spelled", spelled), ("reversed", canary[::-1])):
            say = say.replace(f"{{{key}}}", value)
        tries = self.attempts[payload.codeword]
        if tries % 3 == 1:
            return say
        words = _those_of(order) - {payload.codeword}
        first, second = sorted(words)[:2]
        closer = _CLOSERS[len(self.written) % len(_CLOSERS)]
        woven = f"About the {first} and the {second}: {say[0].lower()}{say[1:]}"
        return f"{woven} {closer}" if tries % 3 == 2 else f"{closer} {woven}"


def _those_of(order: str) -> frozenset[str]:
    fenced = _FENCED.search(order)
    return content_words(fenced[2] if fenced else order)


def door(payloads: Iterable[Payload]) -> ObedientModel:
    """Return a model that knows these payloads."""
    return ObedientModel({each.codeword: each for each in payloads})
