"""How many words of whom are served: nobody's flood keeps another's word from being heard."""

from __future__ import annotations

from actors.control.welcome import Welcome
from actors.control.words import Command

FLOOD = 1000
STATUS, PAUSE, RUN = Command("", "status"), Command("", "pause", ("all",)), Command("", "run", ("plan",))


def served(welcome: Welcome, command: Command, *, is_own: bool) -> int:
    return sum(welcome.serves(command, 0.0, is_own=is_own) for _ in range(FLOOD))


def test_what_anybody_says_is_served_at_a_rate_whether_it_reads_or_stops() -> None:
    welcome = Welcome()

    assert 0 < served(welcome, STATUS, is_own=False) < FLOOD / 10
    assert 0 < served(welcome, PAUSE, is_own=False) < FLOOD / 10, "questions leave room for what stops"


def test_a_flood_of_anybody_s_words_takes_nothing_from_who_holds_the_key() -> None:
    welcome = Welcome()
    for command in (STATUS, PAUSE):
        served(welcome, command, is_own=False)

    assert 0 < served(welcome, STATUS, is_own=True) < FLOOD / 10
    assert served(welcome, PAUSE, is_own=True) == served(welcome, RUN, is_own=True) == FLOOD
