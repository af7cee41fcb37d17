"""An explanation's cures start the job, none of them idle: in 10,000 situations (`make soak`), a quarter else."""

from __future__ import annotations

import os
import pickle
from collections import Counter
from random import Random

import pytest

from actors.domain.why.explanation import explain
from tests.domain.why.situations import SmallEngine, starts

STATES = 10_000 if os.environ.get("SOAK") else 2500
_STATES_OF_A_PART, _EVENTS, _STATES_OF_AN_ENGINE = 2500, 12, 10
KINDS = {
    *("disabled", "history_unknown", "shutting_down", "paused", "under_way", "not_due", "waits_for", "slots_taken"),
    *("queue_position", "memory", "breaker", "queue_full", "budget", "actor_away", "kill_switch", "cap"),
    *("no_decision_due", "queue_empty", "future_intents", "ledger_unknown", "other_publisher", "approval", "shadow"),
}


@pytest.mark.parametrize("part", range(STATES // _STATES_OF_A_PART))
def test_exactly_the_named_cures_start_the_job_and_leaving_out_any_one_does_not(part: int) -> None:
    seen: Counter[str] = Counter()
    for number in range(_STATES_OF_A_PART // _STATES_OF_AN_ENGINE):
        engine = SmallEngine(Random(f"{part}-{number}"))
        for _ in range(_STATES_OF_AN_ENGINE):
            for _ in range(_EVENTS):
                engine.happen()
            situation = engine.situation()
            explanation = explain(situation)
            reasons = explanation.reasons
            seen.update(reason.kind for reason in reasons)
            kept = pickle.dumps(situation)
            for missing in [None, *reasons]:
                cured = pickle.loads(kept)
                for reason in reasons:
                    if reason is not missing:
                        reason.cure(cured)
                assert starts(cured) is (missing is None), f"{part}-{number}, without {missing}: {explanation.text()}"
    assert set(seen) == KINDS, "every kind of reason comes up"
