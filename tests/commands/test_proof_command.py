"""What `check` proves of the schedule, and what `run` makes of it."""

from __future__ import annotations

import io
import json
import logging
import math
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from actors.commands.proof import document_of, insist, print_proof, sentence_of
from actors.domain.feasibility import Capacity, Proof, prove
from tests.commands.test_command_line import supervisor
from tests.domain.job_sets import FRONTS, job

if TYPE_CHECKING:
    import pytest

CROWDED = {
    "SUPERVISOR_BROWSER_CONTEXTS": "1",
    "SUPERVISOR_BROWSER_RESERVED": "0",
    "SUPERVISOR_JOBS_METRICS_SCRAPER_LENGTH": "60s..480s",
}
POSTING = job("posting", 0, 300, (20.0, 60.0))
SCRAPE = job("scrape", 1, 300, (400.0, 480.0), errand_s=45.0)
SCENARIO = """\
# two jobs
job,interval_s,first_due_s,priority,browser,db,min_s,max_s
posting,300,300,0,1,1,20,60
scrape,600,600,1,1,1,240,480
"""


def schedule(output: str) -> dict[str, Any]:
    """Return the last finding of a list."""
    finding: dict[str, Any] = json.loads(output)[-1]
    assert finding["name"] == "schedule"
    return finding


def printed(proof: Proof) -> str:
    out = io.StringIO()
    print_proof(Console(file=out, width=100), proof)
    return out.getvalue()


def test_the_shipped_schedule_is_proven_and_the_proof_has_its_promised_form() -> None:
    done = supervisor("check", "--json")
    assert done.returncode == 0, done.stdout
    proof = schedule(done.stdout)["proof"]
    assert set(proof) == {"feasible", "utilisation", "jobs", "p0", "p0_limit", "verdict", "lives", "findings"}
    assert proof["feasible"] is True
    assert set(proof["utilisation"]) == {"runs", "browser", "database", "openai", "redis"}
    assert set(proof["utilisation"]["browser"]) == {"total", "background"}
    assert set(proof["p0"]) == {"plan", "posting"}
    assert proof["findings"] == []


def test_check_flags_a_schedule_that_breaks_the_promise_to_p0() -> None:
    done = supervisor("check", "--json", **CROWDED)
    assert done.returncode == 1
    finding = schedule(done.stdout)
    assert not finding["ok"]
    (late,) = finding["proof"]["findings"]
    assert set(late) == {"kind", "subject", "measure", "limit", "blame", "found", "hint", "remedy"}
    assert (late["kind"], late["subject"]) == ("p0_late", "posting")
    assert "metrics_scraper" in {each["job"] for each in late["blame"]}
    assert "keep 1 for P0" in finding["hint"]


def test_run_refuses_a_configuration_that_breaks_the_promise_to_p0(tmp_path: Path) -> None:
    done = supervisor("run", "--for", "5s", "--data", str(tmp_path / "data"), **CROWDED)
    assert done.returncode == 2
    assert "posting may start without any bound" in done.stderr
    assert "engagement_calculator" in done.stderr
    assert "keep 1 for P0" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_scenario_is_proven_alone_and_a_heavier_load_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text(SCENARIO)
    light = supervisor("check", "--json", "--scenario", str(file))
    assert light.returncode == 0, light.stdout
    assert [finding["name"] for finding in json.loads(light.stdout)] == ["schedule"]
    heavy = supervisor("check", "--json", "--scenario", str(file), "--load", "2.5")
    assert heavy.returncode == 1
    assert [found["kind"] for found in schedule(heavy.stdout)["proof"]["findings"]] == ["too_long"]


def test_an_overload_starts_with_a_warning_that_names_the_jobs(caplog: pytest.LogCaptureFixture) -> None:
    proof = prove([POSTING, SCRAPE], {**FRONTS, "browser": Capacity(2, 1)}, 1.0)
    with caplog.at_level(logging.WARNING):
        insist(proof)
    actions = {record.__dict__["action"] for record in caplog.records}
    assert actions == {"schedule_infeasible"}
    assert any("scrape" in record.__dict__["blame"] for record in caplog.records)
    assert any("every" in record.getMessage() for record in caplog.records)


def test_what_has_no_bound_is_null_for_programs_and_words_for_people() -> None:
    endless = prove([job("posting", 0, 60, (20.0, 60.0))], FRONTS, 1.0)
    assert endless.p0 == {"posting": math.inf}
    assert document_of(endless)["p0"] == {"posting": None}
    assert "posting has no bound on its start" in printed(endless)
    json.dumps(document_of(endless), allow_nan=False)


def test_people_see_bars_bounds_and_what_to_do() -> None:
    good, bad = prove([POSTING], FRONTS, 1.0), prove([POSTING, SCRAPE], {**FRONTS, "browser": Capacity(1, 0)}, 1.0)
    assert "feasible" in printed(good)
    assert "posting starts within 1 s of its due time" in printed(good)
    text = " ".join(printed(bad).split())
    assert "█" * 20 in text
    assert "run scrape every 10m instead of 5m" in text
    assert "browser is asked for" in sentence_of(bad)
    assert sentence_of(good).startswith("feasible, ")


def test_the_remedy_is_told_to_programs_in_seconds() -> None:
    proof = prove([SCRAPE], {**FRONTS, "browser": Capacity(1, 0)}, 1.0)
    remedies = [found["remedy"] for found in document_of(proof)["findings"]]
    assert {"job": "scrape", "every_s": timedelta(minutes=10).total_seconds()} in remedies
