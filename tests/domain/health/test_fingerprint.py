"""The same error has the same fingerprint, whatever it went wrong with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.health.fingerprint import FRAMES, Fault, fault_of, frames_of, mask
from actors.domain.stages import Stages
from actors.errors import QueryError


def raised(message: str) -> Exception:
    try:
        raise QueryError(message)
    except QueryError as error:
        return error


def test_numbers_ids_and_addresses_make_no_other_error() -> None:
    first = "post 1712345678901234567 of 9f8b4e0c-3c2a-4d7e-9a1b-2f3c4d5e6f70 at http://127.0.0.1:4711/x?y=1 took 3.5 s"
    second = "post 99 of 00000000-0000-4000-8000-000000000000 at https://site.example/other took 12 s"
    assert mask(first) == mask(second) == "post <n> of <id> at <url> took <n> s"


def test_the_id_of_a_run_makes_no_other_error() -> None:
    assert mask("plan-a1b2c3-17 overran") == mask("plan-9f8e7d-4 overran")


def test_other_words_make_another_error() -> None:
    kinds = {Fault("QueryError", "plan", (), mask(text)).fingerprint for text in ("no such table", "no such column")}
    assert len(kinds) == 2


def test_the_type_and_the_frames_make_another_error() -> None:
    fault = Fault("QueryError", "plan", ("sql/queries.py load",), "it broke")
    others = [
        Fault("ConflictError", "plan", fault.frames, "it broke"),
        Fault("QueryError", "plan", ("ledger/claim.py Claim.take",), "it broke"),
    ]
    assert len({each.fingerprint for each in (fault, *others)}) == 3


def test_one_error_that_befalls_two_jobs_at_one_place_is_one_error() -> None:
    frames = ("sql/queries.py load",)
    assert Fault("A", "plan", frames, "x").fingerprint == Fault("A", "learn", frames, "x").fingerprint


def test_without_a_frame_the_job_tells_two_errors_apart() -> None:
    assert Fault("A", "plan", (), "x").fingerprint != Fault("A", "learn", (), "x").fingerprint


def test_only_frames_of_our_own_count_without_their_lines() -> None:
    def through_ours() -> Exception:
        try:
            Stages((("a", "no interval"),)).due({"a": None}, None, None, "slot")  # type: ignore[arg-type,dict-item]
        except TypeError as error:
            return error
        raise AssertionError("nothing was raised")

    frames = frames_of(through_ours())
    assert frames[-1] == "domain/stages.py Stages.due"
    assert all(each.startswith("domain/stages.py") for each in frames)
    assert len(frames) <= FRAMES


def test_an_error_is_named_by_its_type_its_place_and_what_it_says() -> None:
    fault = fault_of(raised("row 7"), "plan", "row 7")
    assert (fault.kind, fault.place, fault.message) == ("QueryError", "plan", "row <n>")


def test_a_foreign_text_is_kept_on_one_line_and_short() -> None:
    kept = mask("a\nforged line\x1b[31m " + "word " * 1000)
    assert "\n" not in kept
    assert "\x1b" not in kept
    assert len(kept) < 250


@given(st.text(max_size=300))
def test_any_text_can_be_masked_and_nothing_of_a_number_stays(text: str) -> None:
    assert mask(f"{text} 1712345678901234567").count("1712345678901234567") == 0
