"""Matching, repair and correction, without a ledger."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from actors.domain.recovery.case import Case, Kept, Tried
from actors.domain.recovery.correction import corrections
from actors.domain.recovery.matching import find_parts, in_turn
from actors.domain.recovery.repair import Found, repair
from actors.domain.snowflake import created_at, id_at
from actors.pages.timeline import OwnPost

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PARTS = ("The first.", "The second.", "The third.")
OURS = "commons_daily"


def post(text: str, minutes: float, answered: str | None = None) -> OwnPost:
    tweet_id = id_at(NOW + minutes * MINUTE)
    return OwnPost(tweet_id, text, created_at(tweet_id), answered)


def case(*parts: str, ids: dict[int, str] | None = None, status: str = "failed", tries: tuple[Tried, ...] = ()) -> Case:
    receipts = {part: Kept(tweet_id, uuid.uuid4(), NOW) for part, tweet_id in (ids or {}).items()}
    return Case(uuid.uuid4(), "content", status, parts, None, "", None, 0, NOW, tries, receipts)


def tried(part: int, minutes: float, result: str) -> Tried:
    moment = NOW + minutes * MINUTE
    return Tried(uuid.uuid4(), part, 1, result, moment, moment)


THREAD = [post(PARTS[0], 1), post(PARTS[1], 2, OURS), post(PARTS[2], 3, OURS)]


def test_b12_a_thread_is_found_by_its_first_part_and_then_along_its_chain() -> None:
    assert find_parts(case(*PARTS), THREAD, (), OURS) == {n: each.id for n, each in enumerate(THREAD)}


@pytest.mark.parametrize(
    ("posts", "found"),
    [
        (THREAD[1:], 0),
        ([THREAD[0], THREAD[2]], 1),
        ([THREAD[0], post(PARTS[1], 2, "somebody"), THREAD[2]], 1),
        ([THREAD[0], post(PARTS[1], 0.5, OURS), THREAD[2]], 1),
        ([post(PARTS[0], -10), *THREAD[1:]], 0),
        ([], 0),
    ],
    ids=["no first part", "a gap", "answers another", "before its predecessor", "before the decision", "nothing"],
)
def test_b13_where_a_part_is_not_found_in_its_place_the_chain_ends(posts: list[OwnPost], found: int) -> None:
    assert len(find_parts(case(*PARTS), posts, (), OURS)) == found


def test_b8_a_lost_part_lies_between_those_that_are_known() -> None:
    ids = {0: THREAD[0].id, 2: THREAD[2].id}
    later = post(PARTS[1], 9, OURS)
    assert find_parts(case(*PARTS, ids=ids), [later], (), OURS) == {}
    assert find_parts(case(*PARTS, ids=ids), [later, THREAD[1]], (), OURS) == {1: THREAD[1].id}


def test_b6_what_was_clicked_comes_before_what_was_not() -> None:
    idle, clicked = case("A"), case("A", tries=(tried(0, 1, "unresolved"),))
    assert in_turn([idle, clicked]) == [clicked, idle]


def test_b12_a_repair_needs_every_part_before_a_known_one_and_a_posted_decision_needs_them_all() -> None:
    found = {n: Found(each.id, "timeline") for n, each in enumerate(THREAD)}
    whole = repair(case(*PARTS, status="posted"), found)
    assert whole is not None
    assert whole.is_whole
    assert repair(case(*PARTS), {1: found[1]}) is None
    assert repair(case(*PARTS, status="posted"), {0: found[0]}) is None
    half = repair(case(*PARTS, status="queued"), {0: found[0]})
    assert half is not None
    assert not half.is_whole
    assert repair(case(*PARTS), {}) is None


def test_b1_a_receipt_goes_to_the_last_attempt_before_its_post_was_minted() -> None:
    early, late = tried(0, 0, "absent"), tried(0, 30, "absent")
    plan = repair(case("A", tries=(early, late)), {0: Found(id_at(NOW + 5 * MINUTE), "timeline")})
    assert plan is not None
    assert (plan.revived, plan.attempts) == ((early.attempt_id,), ())


def test_b8_what_fits_no_other_is_corrected_and_what_another_keeps_is_not() -> None:
    first, second = post("One.", 1), post("Two.", 2)
    swapped = [case("One.", ids={0: second.id}), case("Two.", ids={0: first.id})]
    taken = {first.id, second.id}
    found = corrections(swapped, [first, second], (), taken, OURS)
    assert {each.part: each.right_id for each in found} != {}
    assert {each.wrong_id for each in found} == {each.right_id for each in found} == taken
    # The holder of the right id has none of its own to go to, so it stays, and so does the other.
    told = {(swapped[0].decision_id, 0)}
    assert corrections(swapped, [first], told, taken, OURS) == []
    assert len(corrections(swapped[:1], [first], told, {second.id}, OURS)) == 1


def test_b8_a_card_without_readable_text_says_nothing_of_a_receipt() -> None:
    own, twin = post("", 1), post("One.", 2)
    held = case("One.", ids={0: own.id})
    assert corrections([held], [own, twin], (), {own.id}, OURS) == []
    assert len(corrections([held], [post("Other.", 1), twin], (), {own.id}, OURS)) == 1
