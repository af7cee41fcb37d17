"""Planning against a real ledger and the sandbox's own writer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from actors.domain.gates import judge
from actors.domain.insight.finding import Advice, Finding
from actors.domain.learning.choice import choose
from actors.domain.learning.features import BLOCKS, DIMENSION, Context
from actors.domain.learning.posterior import Posterior
from actors.domain.learning.snapshot import WeightSnapshot, prior_snapshot
from actors.domain.outcome import Done, Failed, Nothing
from actors.domain.taxonomy import FACTORS, TONES
from actors.errors import BudgetExceededError, ModelOutputError
from actors.insight.intelligence import statements
from actors.jobs.content.plan import plan
from tests.fakes import LedgerDoor
from tests.jobs.doors import START, Bench
from tests.jobs.writer import Writer

pytestmark = pytest.mark.usefixtures("same_ids")


@pytest.fixture
def bench(bench: Bench) -> Bench:
    bench.model = Writer()  # type: ignore[assignment]
    return bench


def test_c8_the_queue_is_filled_to_its_depth_and_ten_more_runs_add_nothing(bench: Bench) -> None:
    assert bench.run(plan) == Done({"planned": 6, "rejected": len(bench.model.briefs) - 6})
    for _ in range(10):
        assert isinstance(bench.run(plan), Nothing)
    assert len(bench.rows("SELECT 1 FROM decisions")) == 6


def test_c8_ten_restarts_plan_nothing_more(database_url: str) -> None:
    for number in range(10):
        ledger = LedgerDoor(database_url)
        bench = Bench(ledger)
        bench.boot, bench.model = f"boot-{number}", Writer()  # type: ignore[assignment]
        bench.run(plan)
        assert len(bench.rows("SELECT 1 FROM decisions")) == bench.config.publishing.queue_depth
        ledger.close()


def test_decisions_are_due_at_once_and_then_one_spacing_apart(bench: Bench) -> None:
    bench.run(plan)
    due = [row["scheduled_at"] for row in bench.rows("SELECT scheduled_at FROM decisions ORDER BY scheduled_at")]
    assert due == [START + n * bench.config.publishing.spacing for n in range(6)]


def test_each_decision_can_be_replayed_from_its_weights_and_key(bench: Bench) -> None:
    bench.run(plan)
    body = bench.rows("SELECT body FROM weight_snapshots WHERE version = 0")[0]["body"]
    weights = WeightSnapshot.from_dict(body)
    for row in bench.rows("SELECT * FROM decisions"):
        record = row["choice"]
        again = choose(weights, Context.from_record(record["context"]), bytes.fromhex(record["key"]))
        assert again.arm.generator == row["generator"]
        assert again.propensity == row["propensity"]
        assert row["weight_version"] == 0


def test_the_stored_text_is_the_one_that_passed_the_gates(bench: Bench) -> None:
    bench.run(plan)
    texts = [row["text"] for row in bench.rows("SELECT text FROM decisions ORDER BY scheduled_at")]
    for index, text in enumerate(texts):
        assert judge(text, texts[:index]).passed


def test_j5_a_text_that_no_gate_lets_pass_is_never_stored_and_the_writer_is_told_why(bench: Bench) -> None:
    class Liar(Writer):
        def complete(self, messages: Any, schema: Any, **_: Any) -> Any:
            self.briefs.append(messages[-1]["content"])
            return schema(text="This cures cancer in 3 days. Trust me, 97% of doctors hide it.")

    bench.model = Liar()  # type: ignore[assignment]
    outcome = bench.run(plan)
    assert isinstance(outcome, Failed)
    assert bench.rows("SELECT 1 FROM decisions") == []
    first, second, third = bench.model.briefs[:3]
    assert "note:" not in first
    assert "health" in second
    assert len({first, second, third}) == 3


def test_j2_an_answer_that_is_no_post_costs_one_try_and_no_run(bench: Bench) -> None:
    class Stammerer(Writer):
        def complete(self, messages: Any, schema: Any, **more: Any) -> Any:
            if not self.briefs:
                self.briefs.append("")
                raise ModelOutputError("not JSON")
            return super().complete(messages, schema, **more)

    bench.model = Stammerer()  # type: ignore[assignment]
    outcome = bench.run(plan)
    assert isinstance(outcome, Done)
    assert outcome.counts["planned"] == 6
    assert outcome.counts["rejected"] >= 1


def test_a_spent_budget_ends_the_run_and_keeps_what_was_planned(bench: Bench) -> None:
    class Poor(Writer):
        def complete(self, messages: Any, schema: Any, **more: Any) -> Any:
            if len(self.briefs) >= 8:
                raise BudgetExceededError("content has nothing left")
            return super().complete(messages, schema, **more)

    bench.model = Poor()  # type: ignore[assignment]
    bench.configure(queue_depth=20)
    with pytest.raises(BudgetExceededError):
        bench.run(plan)
    assert bench.rows("SELECT 1 FROM decisions")


def test_weights_of_another_taxonomy_are_replaced_by_a_new_prior(bench: Bench) -> None:
    bench.weights()
    bench.database.run(
        "insert_weights",
        version=7,
        created_at=START,
        source="learned",
        outcomes=20,
        body={"version": 7, "schema": "old"},
    )
    bench.run(plan)
    assert {row["weight_version"] for row in bench.rows("SELECT weight_version FROM decisions")} == {8}


def test_h8_plan_answers_differently_when_weight_snapshots_change(bench: Bench) -> None:
    bench.weights()
    prior = prior_snapshot()
    liked = "coach"
    shift = np.zeros(DIMENSION)
    shift[BLOCKS["generator"].start + FACTORS["generator"].index(liked)] = 500.0
    precision = prior.posterior.precision + 200.0 * np.eye(DIMENSION)
    sure = replace(prior, version=1, posterior=Posterior(precision, shift, 500, 0.5))
    bench.database.run(
        "insert_weights", version=1, created_at=START, source="learned", outcomes=500, body=sure.to_dict()
    )

    bench.run(plan)

    rows = bench.rows("SELECT weight_version, generator FROM decisions")
    assert {row["weight_version"] for row in rows} == {1}
    assert sum(row["generator"] == liked for row in rows) > len(rows) / 2


def test_h8_plan_writes_differently_when_format_intelligence_changes_and_on_defaults_without(bench: Bench) -> None:
    bench.run(plan)
    assert not any("liked elsewhere" in brief for brief in bench.model.briefs)
    calm = Advice(has_emoji=False)
    found = [Finding("observed", (("length", length),), calm, 12, "medium") for length in FACTORS["length"]]
    assert bench.context is not None
    bench.database.transact(statements("observed", found, bench.context, lasts=timedelta(hours=6)))
    bench.database.sql("DELETE FROM decisions")
    bench.model.briefs.clear()
    bench.run(plan)
    assert all("liked elsewhere: no emoji" in brief for brief in bench.model.briefs)
    bench.now += timedelta(hours=7)
    bench.database.sql("DELETE FROM decisions")
    bench.model.briefs.clear()
    bench.run(plan)
    assert not any("liked elsewhere" in brief for brief in bench.model.briefs)


def test_an_advised_tone_is_the_one_tone_of_the_brief_and_of_the_decision(bench: Bench) -> None:
    bench.run(plan)
    warm = Advice(tone="warm")
    found = [Finding("observed", (("length", length),), warm, 12, "medium") for length in FACTORS["length"]]
    assert bench.context is not None
    bench.database.transact(statements("observed", found, bench.context, lasts=timedelta(hours=6)))
    bench.database.sql("DELETE FROM decisions")
    bench.model.briefs.clear()
    bench.run(plan)
    tones = [row["tone"] for row in bench.rows("SELECT tone FROM decisions ORDER BY scheduled_at")]
    assert set(tones[:4]) == set(TONES["warm"]), "and then none of them is fresh"
    assert {f"tone: {tone}" for tone in tones} <= {line for brief in bench.model.briefs for line in brief.splitlines()}
    assert not any("tone" in line for brief in bench.model.briefs for line in brief.splitlines() if "elsewhere" in line)


def test_h8_a_finding_that_nobody_understands_is_left_out(bench: Bench) -> None:
    bench.run(plan)
    assert bench.context is not None
    found = Finding("observed", (("length", "short"),), Advice(tone="warm"), 12, "medium")
    bench.database.transact(statements("observed", [found], bench.context, lasts=timedelta(hours=6)))
    bench.database.sql("""UPDATE format_intelligence SET advice = '{"say": "buy now"}'""")
    bench.database.sql("DELETE FROM decisions")
    assert isinstance(bench.run(plan), Done)
    assert not any("buy now" in brief for brief in bench.model.briefs)
