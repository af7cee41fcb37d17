"""Who may say what, and how often a signature is good."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actors.config import Secret
from actors.control.signature import FRESH_S, Allowed, Claimed, Elsewhere, SeenNonces, authorise, sign
from actors.control.words import Command, Refused, parse

KEY = Secret("k" * 32)
NOW = 1_000_000.0
NONCE = "n" * 16
OURS = Claimed()
SHUTDOWN = Command("a-1", "shutdown")

CLOSED = [Command("i", "resume", ("all",)), Command("i", "run", ("posting",)), Command("i", "kill-switch", ("off",)),
          Command("i", "approve", ("1234abcd",)), Command("i", "reject", ("1234abcd",)),
          Command("i", "opt-out", ("somebody",)), SHUTDOWN]
OPEN = [
    *(Command("", word) for word in ("status", "jobs", "why", "approve", "opted-out")),
    *(Command("", "pause", ("all",)), Command("", "kill-switch", ("on",))),
]


def decide(
    command: Command,
    now: float = NOW,
    key: Secret | None = KEY,
    seen: SeenNonces | None = None,
    *,
    claimed: Claimed = OURS,
    embedded: bool = False,
    age_s: float = 0.0,
) -> Allowed | Refused | Elsewhere:
    """Ask with the defaults of a foreign Redis and a key."""
    seen = seen or SeenNonces(started=0)
    return authorise(command, embedded=embedded, key=key, now=now, seen_nonces=seen, claimed=claimed, age_s=age_s)


def reason_of(answer: Allowed | Refused | Elsewhere) -> str:
    """Return the reason of what must be a refusal."""
    assert isinstance(answer, Refused)
    return answer.reason


@pytest.mark.parametrize("command", OPEN + CLOSED, ids=str)
def test_on_the_embedded_redis_every_word_is_allowed_unsigned(command: Command) -> None:
    assert decide(command, key=None, embedded=True) == Allowed(signed=False)


@pytest.mark.parametrize("command", OPEN, ids=str)
def test_on_a_foreign_redis_anybody_may_read_or_stop(command: Command) -> None:
    assert decide(command, key=None) == Allowed(signed=False)


@pytest.mark.parametrize("command", CLOSED, ids=str)
def test_on_a_foreign_redis_what_starts_changes_or_releases_needs_a_signature(command: Command) -> None:
    assert "needs a signature" in reason_of(decide(command))
    assert decide(sign(command, key=KEY, now=NOW, nonce=NONCE)) == Allowed(signed=True)


def test_without_a_key_nothing_signed_is_obeyed() -> None:
    assert "CONTROL_KEY is not set" in reason_of(decide(sign(SHUTDOWN, key=KEY, now=NOW, nonce=NONCE), key=None))


def test_a_signature_survives_the_journey() -> None:
    sent = sign(Command("a-1", "run", ("posting",)), key=KEY, now=NOW + 0.7, nonce=NONCE).to_json()
    received = parse(sent.encode())
    assert isinstance(received, Command)
    assert decide(received) == Allowed(signed=True)


@pytest.mark.parametrize("change", [{"id": "a-2"}, {"word": "run"}, {"args": ("x",)}], ids=str)
def test_a_signature_is_good_for_what_was_signed_only(change: dict[str, object]) -> None:
    forged = replace(sign(SHUTDOWN, key=KEY, now=NOW, nonce=NONCE), **change)  # type: ignore[arg-type]
    assert "signature is wrong" in reason_of(decide(forged))


@pytest.mark.parametrize("change", [{"time": int(NOW) + 1}, {"nonce": "m" * 16}, {"signature": "0" * 64}], ids=str)
def test_no_part_of_a_proof_can_be_changed(change: dict[str, object]) -> None:
    command = sign(SHUTDOWN, key=KEY, now=NOW, nonce=NONCE)
    assert command.signed is not None
    forged = replace(command, signed=replace(command.signed, **change))  # type: ignore[arg-type]
    assert "signature is wrong" in reason_of(decide(forged))


def test_another_key_signs_nothing_here() -> None:
    assert "signature is wrong" in reason_of(decide(sign(SHUTDOWN, key=Secret("x" * 32), now=NOW, nonce=NONCE)))


@pytest.mark.parametrize(
    ("age", "is_fresh"), [(FRESH_S, True), (FRESH_S + 1, False), (-FRESH_S, True), (-FRESH_S - 1, False)]
)
def test_a_signature_is_good_for_a_minute_either_way(age: float, is_fresh: bool) -> None:
    answer = decide(sign(SHUTDOWN, key=KEY, now=NOW - age, nonce=NONCE))
    assert isinstance(answer, Allowed) == is_fresh
    assert is_fresh or "compare the clocks" in reason_of(answer)


def test_a_signature_is_good_once_however_late_it_comes_again() -> None:
    seen = SeenNonces(started=0)
    command = sign(SHUTDOWN, key=KEY, now=NOW + FRESH_S, nonce=NONCE)
    assert decide(command, NOW, seen=seen) == Allowed(signed=True)
    for later in (0, 1, FRESH_S, 2 * FRESH_S):
        assert "used before" in reason_of(decide(command, NOW + later, seen=seen))
    assert "compare the clocks" in reason_of(decide(command, NOW + 2 * FRESH_S + 1, seen=seen))


def test_a_signature_made_before_a_restart_is_not_good_after_it() -> None:
    command = sign(SHUTDOWN, key=KEY, now=NOW, nonce=NONCE)
    answer = decide(command, NOW + 5, seen=SeenNonces(started=NOW + 4))
    assert "before this process started" in reason_of(answer)


def test_the_memory_of_nonces_is_bounded_and_refuses_when_full() -> None:
    seen = SeenNonces(started=0, limit=2)
    for number in range(2):
        answer = decide(sign(SHUTDOWN, key=KEY, now=NOW, nonce=f"{number:016}"), seen=seen)
        assert answer == Allowed(signed=True)
    third = sign(SHUTDOWN, key=KEY, now=NOW, nonce=f"{2:016}")
    assert "more than 2" in reason_of(decide(third, seen=seen))
    later = NOW + FRESH_S + 1
    assert decide(sign(SHUTDOWN, key=KEY, now=later, nonce=f"{3:016}"), later, seen=seen) == Allowed(signed=True)


def test_a_wrong_signature_takes_no_room_in_the_memory() -> None:
    seen = SeenNonces(started=0, limit=1)
    decide(sign(SHUTDOWN, key=Secret("x" * 32), now=NOW, nonce="x" * 16), seen=seen)
    assert decide(sign(SHUTDOWN, key=KEY, now=NOW, nonce=NONCE), seen=seen) == Allowed(signed=True)


def test_a_refusal_names_the_word_and_the_sender() -> None:
    answer = decide(SHUTDOWN)
    assert isinstance(answer, Refused)
    assert answer.id == "a-1"
    assert answer.reason.startswith("shutdown: ")


@pytest.mark.parametrize("embedded", [True, False])
def test_a_word_that_waited_for_more_than_a_minute_is_not_obeyed_any_more(*, embedded: bool) -> None:
    pause = Command("i", "pause", ("all",))
    fresh, stale = (decide(pause, key=None, embedded=embedded, age_s=age) for age in (FRESH_S, FRESH_S + 1))

    assert fresh == Allowed(signed=False)
    assert "say it again" in reason_of(stale)


def test_a_signature_made_before_a_restart_is_good_once_it_is_known_what_was_used_before() -> None:
    seen = SeenNonces(started=NOW + 4)
    used = sign(SHUTDOWN, key=KEY, now=NOW, nonce=NONCE)
    unused = sign(SHUTDOWN, key=KEY, now=NOW, nonce="u" * 16)
    seen.recall([(NONCE, NOW)])

    assert "used before" in reason_of(decide(used, NOW + 5, seen=seen))
    assert decide(unused, NOW + 5, seen=seen) == Allowed(signed=True)
    assert "used before" in reason_of(decide(unused, NOW + 6, seen=seen))


@pytest.mark.parametrize("command", [Command("i", "pause", ("all",)), Command("i", "kill-switch", ("on",))], ids=str)
def test_who_signs_a_word_that_anybody_may_say_is_held_to_his_signature(command: Command) -> None:
    seen = SeenNonces(started=0)
    right = sign(command, key=KEY, now=NOW, nonce=NONCE)

    assert "signature is wrong" in reason_of(decide(sign(command, key=Secret("x" * 32), now=NOW, nonce=NONCE)))
    assert "compare the clocks" in reason_of(decide(right, NOW + FRESH_S + 1))
    assert decide(right, seen=seen) == Allowed(signed=True)
    assert "used before" in reason_of(decide(right, seen=seen))
    assert decide(right, key=None) == Allowed(signed=False)


@pytest.mark.parametrize(
    ("seen", "claimed", "reason"),
    [
        (SeenNonces(started=NOW + 1), OURS, "before this process started"),
        (SeenNonces(started=0), Claimed(doubt="Redis is full"), "Redis is full"),
    ],
)
def test_where_a_signature_may_have_been_used_only_what_anybody_may_say_is_obeyed(
    seen: SeenNonces, claimed: Claimed, reason: str
) -> None:
    stop = sign(Command("i", "kill-switch", ("on",)), key=KEY, now=NOW, nonce=NONCE)
    start = sign(SHUTDOWN, key=KEY, now=NOW, nonce=NONCE)

    assert decide(stop, seen=seen, claimed=claimed) == Allowed(signed=False)
    assert reason in reason_of(decide(start, seen=seen, claimed=claimed))


def test_a_signature_that_another_process_has_claimed_is_good_for_nothing() -> None:
    for command in (SHUTDOWN, Command("i", "pause", ("all",))):
        signed = sign(command, key=KEY, now=NOW, nonce=NONCE)
        assert "used before" in reason_of(decide(signed, claimed=Claimed(is_used=True)))


def test_what_another_process_claimed_for_the_same_publication_is_left_to_it_once_and_refused_from_then_on() -> None:
    seen = SeenNonces(started=0)
    for command in (SHUTDOWN, Command("i", "pause", ("all",))):
        signed = sign(command, key=KEY, now=NOW, nonce=command.word * 8)
        assert decide(signed, seen=seen, claimed=Claimed(by="other")) == Elsewhere("other")
        for claimed in (OURS, Claimed(by="other"), Claimed(is_used=True)):
            assert "used before" in reason_of(decide(signed, seen=seen, claimed=claimed))
    forged = sign(SHUTDOWN, key=Secret("x" * 32), now=NOW, nonce=NONCE)
    assert "signature is wrong" in reason_of(decide(forged, claimed=Claimed(by="other")))


def test_a_refusal_keeps_a_signature_only_if_it_is_right_and_was_not_used() -> None:
    right, forged = (sign(SHUTDOWN, key=key, now=NOW, nonce=NONCE) for key in (KEY, Secret("x" * 32)))
    kept = {
        "stale": decide(right, NOW + FRESH_S + 1),
        "forged": decide(forged),
        "used": decide(right, claimed=Claimed(is_used=True)),
        "without a key": decide(right, key=None),
        "too old, and nobody looked at it": decide(forged, embedded=True, age_s=FRESH_S + 1),
    }

    commands = {name: refused.command for name, refused in kept.items() if isinstance(refused, Refused)}
    assert commands.keys() == kept.keys()
    assert {name for name, command in commands.items() if command is not None and command.signed} == {"stale"}


def test_a_signature_made_before_a_restart_stays_no_good_if_some_that_were_used_are_lost() -> None:
    seen = SeenNonces(started=NOW + 4)
    seen.recall([], is_complete=False)

    assert "before this process started" in reason_of(decide(sign(SHUTDOWN, key=KEY, now=NOW, nonce=NONCE), seen=seen))
    later = sign(SHUTDOWN, key=KEY, now=NOW + 5, nonce=NONCE)
    assert decide(later, NOW + 5, seen=seen) == Allowed(signed=True)


def test_a_signature_covers_the_process_that_a_word_is_for() -> None:
    sent = sign(Command("a-1", "drain", to="abcd"), key=KEY, now=NOW, nonce=NONCE)
    received = parse(sent.to_json().encode())

    assert received == sent
    assert decide(sent) == Allowed(signed=True)
    assert "signature is wrong" in reason_of(decide(replace(sent, to="abce")))
    assert "signature is wrong" in reason_of(decide(replace(sent, to="")))
