"""Damage to the ledger of an account that has posted: all of it heals at a real site, and no click is made."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.outcome import Done
from actors.domain.stages import trigger_of
from actors.jobs.maintenance.id_recovery import id_recovery
from tests.jobs.maintenance.room import Damage
from tests.ledger.site_bench import AUTHOR

if TYPE_CHECKING:
    from tests.ledger.site_bench import SiteBench


def test_b2_b3_b8_b12_lost_and_wrong_ids_half_threads_stuck_claims_and_an_older_copy_heal_without_a_click(
    bench: SiteBench,
) -> None:
    words = ["Early light wakes the harbour.", "Rye bread keeps for a week.", "Slow trains show more of the land."]
    lost, wrong, forgotten = (bench.put("single", (text,)) for text in words)
    half, answer = bench.put("thread"), bench.put("reply")
    bench.post()
    truth = bench.site.truth()
    assert len(truth) == 7
    foreign = bench.site.write(AUTHOR, "Old maps are the best ones.")
    harm = Damage(bench)
    harm.damage(f"DELETE FROM receipts WHERE decision_id = '{lost}'")
    harm.misname(wrong, foreign)
    harm.forget(half, since=1)
    harm.forget(forgotten)
    harm.forget(answer)
    bench.forward(minutes=10)
    stuck = bench.put("single", ("Night buses are full of stories.",))
    bench.database.run("claim_decision", decision_id=stuck, token=stuck, run_id="dead", lease_s=-3600.0)
    # It is paused, so that nobody but recovery looks after what it left.
    bench.jobs.seen = replace(bench.jobs.seen, since=bench.now - timedelta(days=1))

    outcome = bench.run(id_recovery, trigger_of("operator"))
    bench.forward(minutes=10)
    again = bench.run(id_recovery, trigger_of("operator"))

    assert isinstance(outcome, Done)
    assert isinstance(again, Done)
    assert bench.decision(stuck)["status"] == "queued"
    assert {bench.decision(each)["status"] for each in (lost, wrong, forgotten, half, answer)} == {"posted"}
    assert bench.site.truth() == truth, "nothing is published by recovery"
    bench.post()
    assert [post["text"] for post in bench.site.truth()[len(truth) :]] == ["Night buses are full of stories."]
    bench.agree()
