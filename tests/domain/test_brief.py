from __future__ import annotations

from dataclasses import replace

import pytest

from actors.domain.brief import Brief, messages
from actors.domain.taxonomy import Arm

BRIEF = Brief(
    arm=Arm("dataNerd", "sleep", "myth", "list", "short"),
    angle="the easiest version that still counts",
    tone="wry",
    slot="research",
    avoid_openers=("many people believe",),
    notes=("substance 65 < 70",),
)


def test_a_brief_becomes_rules_and_an_order() -> None:
    system, user = messages(BRIEF)
    assert (system["role"], user["role"]) == ("system", "user")
    for rule in ("first person", "hashtags", "digits", "emoji", "JSON"):
        assert rule in system["content"]


def test_every_parameter_stands_on_its_own_line() -> None:
    lines = messages(BRIEF)[1]["content"].splitlines()
    keys = {line.split(": ")[0]: line.split(": ")[1].split(" — ")[0] for line in lines if ": " in line}
    assert keys == {
        "voice": "dataNerd",
        "topic": "sleep",
        "hook": "myth",
        "format": "list",
        "length": "short",
        "angle": "the easiest version that still counts",
        "tone": "wry",
        "slot": "research",
        "avoid opening": "many people believe",
        "note": "substance 65 < 70",
    }


def test_equal_briefs_give_equal_messages_and_a_note_changes_them() -> None:
    assert messages(BRIEF) == messages(replace(BRIEF))
    assert messages(BRIEF) != messages(replace(BRIEF, notes=()))


def test_an_unknown_value_is_an_error_and_not_a_vague_brief() -> None:
    with pytest.raises(KeyError):
        messages(replace(BRIEF, arm=replace(BRIEF.arm, generator="researcher")))
