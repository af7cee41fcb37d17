"""The gates in their order, and the judgement of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from actors.domain.gates.artefacts import judge_artefacts
from actors.domain.gates.gibberish import judge_gibberish
from actors.domain.gates.grounding import judge_grounding
from actors.domain.gates.health import judge_health
from actors.domain.gates.repetition import judge_repetition
from actors.domain.gates.shape import judge_shape
from actors.domain.gates.style import judge_style
from actors.domain.gates.substance import judge_quality, judge_substance
from actors.domain.gates.verdict import Gate, Reason, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Kind = Literal["single"]

GATES: dict[str, dict[str, Gate]] = {
    "single": {
        "shape": judge_shape,
        "artefacts": judge_artefacts,
        "style": judge_style,
        "health": judge_health,
        "grounding": judge_grounding,
        "gibberish": judge_gibberish,
        "substance": judge_substance,
        "quality": judge_quality,
        "repetition": judge_repetition,
    }
}
"""The gates by name, for each kind of text."""


def judge(text: str, history: Sequence[str], kind: Kind = "single") -> Verdict:
    """Judge the final text, exactly as it would be published, by every gate of its kind.

    `history` are the texts it must not repeat.
    """
    return judge_by(GATES[kind], text, history)


def judge_by(gates: Mapping[str, Gate], text: str, history: Sequence[str]) -> Verdict:
    """Judge the text by these gates.

    A gate that fails refuses (J5): its exception becomes a reason with the
    code `gate_error`, so that a defect in a gate stops publishing instead of letting everything through.
    """
    reasons: list[Reason] = []
    scores: dict[str, float] = {}
    for name, gate in gates.items():
        try:
            finding = gate(text, history)
        except Exception as error:  # noqa: BLE001 - whatever a gate raises, the text must not pass
            reasons.append(Reason(name, "gate_error", f"{type(error).__name__}: {error}"))
        else:
            reasons += [Reason(name, code, detail) for code, detail in finding.refusals]
            scores.update(finding.scores)
    return Verdict(not reasons, tuple(reasons), scores)
