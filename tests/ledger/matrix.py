"""What each of the sandbox's faults leads to, and the one way to play it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from actors.domain.outcome import Blocked, Done, Failed, Outcome

if TYPE_CHECKING:
    from tests.ledger.site_bench import SiteBench

_MANY = 1000


@dataclass(frozen=True, slots=True)
class Expected:
    """What a fault does to the part that meets it."""

    state: str = "posted"
    """Of the decision after the run that met it."""

    reason: str = ""
    """How the decision's reason begins then."""

    outcome: type[Outcome] = Done
    """Of that run, if it published nothing else."""

    is_stored: bool = True
    """Whether the site has the part after that run."""

    ways: tuple[str, ...] = ("posted",)
    """Results of all attempts at that part in the end."""

    evidence: str = "response"
    """Of its receipt; empty if it never goes out."""

    hours: float = 0.1
    """Schedule hours between the runs that follow."""

    is_felt: bool = True
    """Whether the kind meets this fault at all."""


def _walled(code: str, hours: float = 0.1) -> Expected:
    return Expected("queued", f"{code}: ", Blocked, is_stored=False, hours=hours)


HARMLESS = Expected()
_ABSENT = Expected("uncertain", "evidence: none", is_stored=False, ways=("absent", "posted"))
_MISMATCH = Expected("queued", "composer_mismatch: ", Failed, is_stored=False)

FAULTS = {
    "response_lost": Expected("uncertain", "evidence: none", evidence="timeline"),
    "hang": _ABSENT,
    "duplicate_refused": replace(_ABSENT, reason="evidence: duplicate 187"),
    "no_toast": HARMLESS,
    "toast_late": Expected(evidence="toast"),
    "slow": HARMLESS,
    "consent_wall": HARMLESS,
    "logged_out": _walled("logged_out"),
    "http_429": _walled("rate_limited"),
    "challenge": _walled("challenge", 6.1),
    "half_page": _walled("site_busy"),
    "renamed_testid": _walled("ui_drift"),
    "text_dropped": _MISMATCH,
    "wrong_author": Expected(is_felt=False),
    "target_deleted": Expected(is_felt=False),
}
"""What they do to a post that stands alone."""


def unfit(code: str, state: str) -> Expected:
    """Return what a target leads to that is not what it should be."""
    is_over = state == "skipped"
    ways, evidence = ((), "") if is_over else (("posted",), "response")
    return Expected(state, f"{code}: ", Failed, is_stored=False, ways=ways, evidence=evidence)


def play(
    bench: SiteBench,
    fault: str,
    expected: Expected,
    *,
    kind: str,
    part: int = 0,
    at_click: bool = False,
    word: str = "",
) -> None:
    """Let one part of a decision meet the fault, take the fault away, and see that all goes out, once.

    `word` is the code that a blocked run gives, if the decision has another reason.
    """
    decision = bench.put(kind)
    bench.browser.trouble = lambda: bench.site.arm(fault, _MANY)
    bench.browser.at, bench.browser.at_click = part, at_click

    outcome = bench.post()

    row = bench.decision(decision)
    assert (row["status"], row["reason"][: len(expected.reason)]) == (expected.state, expected.reason)
    assert isinstance(outcome, Done if part and expected.outcome is Failed else expected.outcome), outcome
    if isinstance(outcome, Blocked):
        assert (word or expected.reason) in outcome.reason
    assert (bench.site.armed(fault) < _MANY) is expected.is_felt
    stored = len(bench.receipts()) if expected.state == "posted" else part + expected.is_stored
    assert len(bench.site.truth()) == stored

    bench.site.arm(fault, 0)
    row = bench.settle(decision, expected.hours)
    assert row["status"] == ("posted" if expected.evidence else "skipped")
    assert tuple(result for number, result in bench.attempts(decision) if number == part) == expected.ways
    receipts = bench.receipts()
    assert [each["part"] for each in receipts] == list(range(len(row["parts"]) if expected.evidence else 0))
    assert [each["evidence"] for each in receipts if each["part"] == part] == [expected.evidence] * bool(receipts)
    bench.agree()
