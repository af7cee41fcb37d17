"""What goes out on the channel and into the audit holds no secret, whoever had it in what he said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from actors.control.audit import Audit
from actors.control.words import Command
from actors.messages import Describe
from tests.control.room import SNAPSHOT, ControlRoom

if TYPE_CHECKING:
    from collections.abc import Iterator

LEARNT = 'cookie-"of-the-session"'
SAID = f"the endpoint says: api_key=sk-proj-abcdefghijkl is wrong, and {LEARNT}"


@pytest.fixture
def leaking() -> Iterator[None]:
    """Let a job have failed of something that quotes secrets."""
    plan = SNAPSHOT["jobs"]["plan"]
    SNAPSHOT["jobs"]["plan"] = {**plan, "last_outcome": "failed", "last_reason": SAID, SAID: [SAID]}
    yield
    SNAPSHOT["jobs"]["plan"] = plan


@pytest.mark.usefixtures("leaking", "silence_is_an_answer")
@pytest.mark.parametrize("word", ["jobs", "status", "why plan"])
def test_k8_an_answer_on_the_channel_holds_no_secret_not_even_one_that_was_learnt_after_the_start(
    room: ControlRoom, word: str
) -> None:
    room.redaction.learn([LEARNT])
    described: Any = room.listeners["board"].receive(Describe())
    assert LEARNT in str(described), "the board would tell it"
    answer = json.dumps(room.say(word))
    assert "abcdefghijkl" not in answer
    assert "of-the-session" not in answer
    assert "***" in answer or word == "why plan"


def test_k8_an_entry_of_the_audit_holds_no_secret() -> None:
    audit = Audit("boot", lambda text: text.replace(LEARNT, "***"))
    audit.note(Command("id-1", "pause", ("posting", "because", LEARNT)), "operator", "accepted", f"done: {LEARNT}")
    work = audit.transaction()
    assert work is not None
    (statement,) = work.statements
    body = json.loads(statement.params["body"])
    assert (body["args"][2], body["answer"]) == ("***", "done: ***")
