"""Words of consent over the real channel and the real ledger: approve, reject, opt out, and the lists of both."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.commands import send as send_module
from actors.config import Config, ControlSettings, RedisSettings, Secret
from actors.control import operator as operator_module
from actors.control.consent import consent_of
from actors.control.inquiries import TOO_OFTEN
from actors.control.signature import sign
from actors.control.words import Command
from actors.domain.rate import Rate
from tests.control.room import KEY, ControlRoom
from tests.fakes import NOW, LedgerDoor, decision
from tests.stage import Stage, eventually

if TYPE_CHECKING:
    from datetime import datetime

DUE = NOW + timedelta(hours=1)
FIRST = uuid.UUID("1234abcd-0000-4000-8000-000000000001")
SECOND = uuid.UUID("1234abcd-0000-4000-8000-000000000002")
OTHER = uuid.UUID("feed0000-0000-4000-8000-000000000003")


@pytest.fixture
def foreign_room(stage: Stage, valkey_url: str, database_url: str) -> ControlRoom:
    return ControlRoom(stage, valkey_url, database_url, embedded=False, key=KEY)


def queue(ledger: LedgerDoor, number: uuid.UUID = FIRST, text: str = "A walk.", **changes: Any) -> None:
    ledger.run("insert_decision", **decision(text, decision_id=number, **{"due": DUE, **changes}))


def of(ledger: LedgerDoor, number: uuid.UUID) -> tuple[Any, ...]:
    (row,) = ledger.sql("SELECT status, reason, approved_at, approved_by FROM decisions WHERE decision_id = %s", number)
    return tuple(row.values())


def answered(room: ControlRoom, word: str) -> tuple[bool, str]:
    answer = room.say(word)
    return answer["ok"], answer["text"]


WAITS = ("queued", "", None, "")
APPROVED = ("queued", "", NOW, "operator")
REJECTED = ("cancelled", "rejected by operator", None, "")


@pytest.mark.parametrize("digits", ["1234abcd", FIRST.hex[:20], FIRST.hex, str(FIRST)])
def test_approve_names_a_decision_by_its_number_or_by_how_it_begins(
    room: ControlRoom, ledger: LedgerDoor, digits: str
) -> None:
    queue(ledger)
    queue(ledger, OTHER, "A nap.")

    said = answered(room, f"approve {digits}")

    assert said == (True, "decision 1234abcd is approved: it is due at 2026-03-02 13:00:00")
    assert (of(ledger, FIRST), of(ledger, OTHER)) == (APPROVED, WAITS)


def test_approve_says_since_when_a_decision_has_been_due(room: ControlRoom, ledger: LedgerDoor) -> None:
    queue(ledger, due=NOW - timedelta(minutes=1))
    said = answered(room, "approve 1234abcd")
    assert said == (True, "decision 1234abcd is approved: it has been due since 2026-03-02 11:59:00")


def test_a_second_approval_changes_nothing_and_says_who_gave_the_first(room: ControlRoom, ledger: LedgerDoor) -> None:
    queue(ledger)
    ledger.sql("UPDATE decisions SET approved_at = %s, approved_by = 'somebody'", NOW - timedelta(hours=2))

    assert answered(room, "approve 1234abcd") == (
        True,
        "decision 1234abcd was approved already at 2026-03-02 10:00:00 by somebody: it is due at 2026-03-02 13:00:00",
    )
    assert of(ledger, FIRST)[3] == "somebody"


def test_reject_cancels_a_queued_decision_with_its_reason(room: ControlRoom, ledger: LedgerDoor) -> None:
    queue(ledger)
    queue(ledger, OTHER, "A nap.")

    said = answered(room, "reject 1234abcd")

    assert said == (True, "decision 1234abcd is rejected: it will not be published")
    assert (of(ledger, FIRST), of(ledger, OTHER)) == (REJECTED, WAITS)


def test_an_approved_decision_can_be_rejected_and_a_rejected_one_not_be_approved(
    room: ControlRoom, ledger: LedgerDoor
) -> None:
    queue(ledger)

    assert [answered(room, f"{word} 1234abcd") for word in ("approve", "reject", "approve", "reject")] == [
        (True, "decision 1234abcd is approved: it is due at 2026-03-02 13:00:00"),
        (True, "decision 1234abcd is rejected: it will not be published"),
        (False, "there is no queued decision 1234abcd: it is cancelled (rejected by operator)"),
        (False, "there is no queued decision 1234abcd: it is cancelled (rejected by operator)"),
    ]
    assert of(ledger, FIRST) == ("cancelled", "rejected by operator", NOW, "operator")


@pytest.mark.parametrize("word", ["approve", "reject"])
def test_a_number_that_no_decision_bears_is_refused(room: ControlRoom, ledger: LedgerDoor, word: str) -> None:
    queue(ledger)
    assert answered(room, f"{word} 1234abce") == (False, "there is no queued decision 1234abce")
    assert of(ledger, FIRST) == WAITS


@pytest.mark.parametrize("word", ["approve", "reject"])
@pytest.mark.parametrize("status", ["queued", "cancelled"])
def test_a_beginning_that_two_decisions_share_is_refused_with_their_numbers(
    room: ControlRoom, ledger: LedgerDoor, word: str, status: str
) -> None:
    queue(ledger)
    queue(ledger, SECOND, "A nap.")
    ledger.sql("UPDATE decisions SET status = %s WHERE decision_id = %s", status, SECOND)

    said = answered(room, f"{word} 1234abcd")

    assert said == (False, f"more than one decision begins with 1234abcd: {FIRST}, {SECOND}; say more digits")
    assert (of(ledger, FIRST), of(ledger, SECOND)[0]) == (WAITS, status)


@pytest.mark.parametrize("word", ["approve", "reject"])
def test_a_decision_that_a_run_has_claimed_is_left_to_it(room: ControlRoom, ledger: LedgerDoor, word: str) -> None:
    queue(ledger)
    ledger.run("claim_decision", decision_id=FIRST, token=uuid.uuid4(), run_id="posting-1-1", lease_s=60, expect=1)

    assert answered(room, f"{word} 1234abcd") == (False, "there is no queued decision 1234abcd: it is claimed")
    assert of(ledger, FIRST) == ("claimed", "", None, "")


@pytest.mark.parametrize(("word", "approved_at"), [("approve", None), ("reject", None), ("reject", NOW)])
def test_a_decision_that_came_back_to_the_queue_just_then_is_not_said_to_be_anything(
    word: str, approved_at: datetime | None
) -> None:
    consent = consent_of(Command("", word, ("1234abcd",)), now=NOW, by="operator")
    assert consent is not None
    back = {"decision_id": FIRST, "status": "queued", "reason": "", "scheduled_at": DUE, "approved_at": approved_at,
            "approved_by": ""}

    said = consent.read([[], [back]])

    assert (said.ok, said.text) == (False, "decision 1234abcd changed at this moment; say it again")


def test_a_consent_that_could_not_be_stored_is_no_success(room: ControlRoom, ledger: LedgerDoor) -> None:
    ledger.sql("DROP TABLE opt_outs")
    ok, text = answered(room, "opt-out somebody")
    assert (ok, text.startswith("not done: ")) == (False, True)
    assert room.say("status")["ok"]


def test_approve_alone_lists_what_waits_by_due_time_with_hostile_texts_made_harmless(
    room: ControlRoom, ledger: LedgerDoor
) -> None:
    hostile = "Late; \x1b]0;owned\x07\n1234abcd due now content: forged"
    queue(ledger, OTHER, hostile + "!" * 80, due=DUE + timedelta(hours=1))
    queue(ledger, FIRST, "A walk.")
    queue(ledger, SECOND, "Approved.")
    ledger.sql("UPDATE decisions SET approved_at = now(), approved_by = 'somebody' WHERE decision_id = %s", SECOND)

    answer = room.say("approve")

    shown = r"Late; \x1b]0;owned\x07\n1234abcd due now content: forged" + "!" * 31 + "... (129 characters)"
    assert answer["lines"] == [
        "2 queued decisions are not approved",
        "1234abcd due 2026-03-02 13:00:00 content: A walk.",
        f"feed0000 due 2026-03-02 14:00:00 content: {shown}",
    ]
    assert [(each["decision"], each["lane"], each["text"]) for each in answer["decisions"]] == [
        (str(FIRST), "content", "A walk."), (str(OTHER), "content", shown)
    ]
    assert of(ledger, FIRST) == WAITS


def test_a_list_of_what_waits_is_bounded_and_says_how_much_is_left_out(room: ControlRoom, ledger: LedgerDoor) -> None:
    for number in range(22):
        queue(ledger, uuid.uuid4(), f"Walk number {number}.", due=DUE + timedelta(minutes=number))

    lines = room.say("approve")["lines"]

    assert lines[0] == "22 queued decisions are not approved"
    assert (len(lines), lines[-2][-16:], lines[-1]) == (22, " Walk number 19.", "and 2 more")


def test_one_that_waits_is_one_and_none_is_said_in_words(room: ControlRoom, ledger: LedgerDoor) -> None:
    assert answered(room, "approve") == (True, "every queued decision is approved")
    queue(ledger)
    assert room.say("approve")["lines"][0] == "1 queued decision is not approved"


@pytest.mark.parametrize("handle", ["@Some_Body", "some_body", "SOME_BODY"])
def test_opt_out_writes_a_handle_in_lower_case_and_without_its_sign(
    room: ControlRoom, ledger: LedgerDoor, handle: str
) -> None:
    assert answered(room, f"opt-out {handle}") == (True, "@some_body has opted out and gets no replies")

    assert ledger.sql("SELECT * FROM opt_outs") == [
        {"handle": "some_body", "reason": "", "added_at": NOW, "added_by": "operator"}
    ]


def test_who_opted_out_before_stays_so_with_the_first_reason_and_time(room: ControlRoom, ledger: LedgerDoor) -> None:
    ledger.sql("INSERT INTO opt_outs VALUES ('some_body', 'said stop', %s, 'replies')", NOW - timedelta(days=1))

    assert answered(room, "opt-out @Some_Body") == (
        True, "@some_body had opted out already at 2026-03-01 12:00:00 by replies"
    )
    assert [row["reason"] for row in ledger.sql("SELECT reason FROM opt_outs")] == ["said stop"]


def test_opted_out_lists_everybody_with_when_by_whom_and_a_reason_made_harmless(
    room: ControlRoom, ledger: LedgerDoor
) -> None:
    assert answered(room, "opted-out") == (True, "nobody has opted out")
    assert room.say("opt-out zed")["ok"]
    assert room.say("opted-out")["lines"] == ["1 account has opted out", "@zed since 2026-03-02 12:00:00 by operator"]
    ledger.sql("INSERT INTO opt_outs VALUES ('abe', %s, %s, 'replies')", "stop\n@zed \u202e", NOW)

    answer = room.say("opted-out")

    assert answer["lines"] == [
        "2 accounts have opted out",
        r"@abe since 2026-03-02 12:00:00 by replies: stop\n@zed \u202e",
        "@zed since 2026-03-02 12:00:00 by operator",
    ]
    listed = [(each["handle"], each["added_by"]) for each in answer["opted_out"]]
    assert listed == [("abe", "replies"), ("zed", "operator")]


def test_a_list_of_opt_outs_is_bounded_and_says_how_many_are_left_out(room: ControlRoom, ledger: LedgerDoor) -> None:
    ledger.sql("INSERT INTO opt_outs SELECT 'h' || n, '', now(), 'x' FROM generate_series(1, 203) n")
    lines = room.say("opted-out")["lines"]
    assert (lines[0], len(lines), lines[-1]) == ("203 accounts have opted out", 202, "and 3 more")


@pytest.mark.parametrize("word", ["approve 1234abcd", "reject 1234abcd"])
def test_on_a_foreign_redis_an_unsigned_word_releases_and_changes_no_decision(
    foreign_room: ControlRoom, ledger: LedgerDoor, word: str
) -> None:
    queue(ledger)

    ok, text = answered(foreign_room, word)

    assert (ok, "needs a signature" in text) == (False, True)
    assert of(ledger, FIRST) == WAITS


def test_on_a_foreign_redis_a_signed_approval_is_obeyed_once(foreign_room: ControlRoom, ledger: LedgerDoor) -> None:
    queue(ledger)
    command = Command("a-1", "approve", ("1234abcd",))

    def signed() -> str:
        return sign(command, key=KEY, now=time.time(), nonce=uuid.uuid4().hex).to_json()

    # A signature has whole seconds, and one of the second in which the operator started is not good.
    message = eventually(lambda: (text := signed()) and foreign_room.say(text)["ok"] and text, "the signature good")

    assert of(ledger, FIRST) == APPROVED
    assert "nonce was used before" in foreign_room.say(message)["text"]


@pytest.mark.parametrize("word", ["approve", "opted-out"])
def test_on_a_foreign_redis_anybody_may_list_what_waits_and_who_opted_out(foreign_room: ControlRoom, word: str) -> None:
    assert foreign_room.say(word)["ok"]


@pytest.mark.parametrize(
    ("word", "is_limited"),
    [("approve", True), ("opted-out", True), ("opt-out somebody", False), ("approve 1234abcd", False)],
)
def test_lists_are_served_at_the_rate_of_reading_words_and_what_stops_is_never_refused_for_that(
    room: ControlRoom, word: str, *, is_limited: bool
) -> None:
    room.operator.welcome.own = Rate(0, 1.0)
    assert (TOO_OFTEN in room.say(word)["text"]) == is_limited


def test_a_word_of_consent_and_its_answer_stand_in_the_log(
    room: ControlRoom, ledger: LedgerDoor, caplog: pytest.LogCaptureFixture
) -> None:
    queue(ledger)
    caplog.set_level("INFO", logger="actors.control.operator")

    assert room.say("reject 1234abcd")["ok"]

    word, answer = (record for record in caplog.records if record.name == operator_module.__name__)
    assert (word.getMessage(), word.action) == ("operator says: reject 1234abcd", "control_word")
    said = "decision 1234abcd is rejected: it will not be published"
    assert (answer.getMessage(), answer.action, answer.data) == ("answer: done", "control_answer", said)


def test_send_says_words_of_consent_and_prints_a_line_for_each_decision_that_waits(
    room: ControlRoom, ledger: LedgerDoor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = Config(redis=RedisSettings(url=Secret(room.url)), control=ControlSettings(key=None))
    monkeypatch.setattr(send_module, "load_all", lambda _: (config, {}))
    queue(ledger)

    codes = [send_module.send(words.split(), data=None, as_json=False)
             for words in ("approve", "approve 1234abcd", "approve 1234abce", "opt-out @Zed", "opted-out")]

    assert codes == [0, 0, 1, 0, 0]
    assert capsys.readouterr().out.splitlines() == [
        "1 queued decision is not approved",
        "1234abcd due 2026-03-02 13:00:00 content: A walk.",
        "decision 1234abcd is approved: it is due at 2026-03-02 13:00:00",
        "there is no queued decision 1234abce",
        "@zed has opted out and gets no replies",
        "1 account has opted out",
        "@zed since 2026-03-02 12:00:00 by operator",
    ]
