"""The verdict of `make mutate`: what makes it a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.run import ROOT, Mutant, complaints, read_diff, read_reasons

DIFF = """# actors.domain.breaker.xǁBreakerǁsuccess__mutmut_1: survived
--- actors/domain/breaker.py
+++ actors/domain/breaker.py
@@ -1,3 +1,3 @@
 def success(self) -> None:
-    self.state, self.failures, self.openings = BreakerState.CLOSED, 0, 0
+    self.state, self.failures, self.openings = BreakerState.CLOSED, 1, 0
"""
SURVIVOR = read_diff("actors.domain.breaker.xǁBreakerǁsuccess__mutmut_1", DIFF)
REASONS = read_reasons((Path(__file__).parent / "survivors.toml").read_text(encoding="utf-8"))


def test_a_survivor_is_named_by_file_and_line_and_change() -> None:
    assert (SURVIVOR.module, SURVIVOR.function) == ("actors/domain/breaker.py", "Breaker.success")
    assert (ROOT / SURVIVOR.module).read_text().splitlines()[SURVIVOR.line - 1].strip() == SURVIVOR.old
    assert SURVIVOR.new.endswith("BreakerState.CLOSED, 1, 0")


def test_a_function_outside_of_a_class_is_found_as_well() -> None:
    mutant = read_diff("actors.domain.supervision.x_is_normal__mutmut_2", DIFF)
    assert (mutant.module, mutant.function) == ("actors/domain/supervision.py", "is_normal")
    assert (ROOT / mutant.module).read_text().splitlines()[mutant.line - 1].startswith("def is_normal(")


@pytest.mark.parametrize(
    ("killed", "survivors", "reasons", "complaint"),
    [
        (9, [SURVIVOR], {SURVIVOR: "equal"}, None),
        (8, [SURVIVOR], {SURVIVOR: "equal"}, "only 88.9% of the mutants are killed"),
        (9, [SURVIVOR], {}, f"breaker.py:{SURVIVOR.line} survives without a reason"),
        (9, [SURVIVOR], {SURVIVOR: ""}, "survives without a reason"),
        (9, [], {SURVIVOR: "equal"}, "is no survivor, drop its reason"),
        (0, [], {}, "nothing to break"),
    ],
)
def test_the_run_fails_without_a_reason_or_below_nine_of_ten(
    killed: int, survivors: list[Mutant], reasons: dict[Mutant, str], complaint: str | None
) -> None:
    found = complaints(killed, survivors, reasons)
    assert len(found) == (complaint is not None)
    assert complaint is None or complaint in found[0]


@pytest.mark.parametrize("mutant", REASONS, ids=lambda mutant: mutant.function)
def test_every_reason_speaks_of_a_line_that_stands_in_its_function(mutant: Mutant) -> None:
    assert REASONS[mutant]
    assert (ROOT / mutant.module).read_text().splitlines()[mutant.line - 1].strip() == mutant.old
