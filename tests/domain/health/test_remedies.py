"""What got stuck is freed by the job whose business it is, and by nothing else."""

from __future__ import annotations

from actors.domain.health.remedies import ILLS, Hands, heal

JOBS = ("posting", "metrics_scraper", "reply_metrics_scraper")


def test_nothing_stuck_calls_nobody() -> None:
    assert heal({"live": 12, "claims": 0}, Hands(JOBS, ())) == ([], [])


def test_each_ill_calls_a_job_that_frees_it() -> None:
    called = {ill.name: heal({ill.name: 1}, Hands(JOBS, ()))[1] for ill in ILLS}
    assert called == {
        "claims": ["posting"],
        "attempts": ["posting"],
        "doubts": ["posting"],
        "threads": ["posting"],
        "receipts": ["posting"],
        "content_readings": ["metrics_scraper"],
        "reply_readings": ["reply_metrics_scraper"],
    }


def test_a_job_is_called_once_for_all_its_ills() -> None:
    found, called = heal({"claims": 1, "doubts": 2, "threads": 1}, Hands(JOBS, ()))
    assert [each.name for each in found] == ["claims_stuck", "doubts_stuck", "threads_stuck"]
    assert called == ["posting"]


def test_d3_a_job_that_runs_is_paused_or_waits_is_not_called_and_the_ill_is_told() -> None:
    found, called = heal({"doubts": 2}, Hands(JOBS, {"posting"}))
    assert [each.name for each in found] == ["doubts_stuck"]
    assert called == []


def test_a_job_that_is_not_there_is_not_called() -> None:
    found, called = heal({"receipts": 1}, Hands(("plan",), ()))
    assert [each.name for each in found] == ["receipts_stuck"]
    assert called == []
