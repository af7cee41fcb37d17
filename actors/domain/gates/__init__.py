"""Gates: pure functions of the final text that decide whether it may be published."""

from __future__ import annotations

from actors.domain.gates.judgement import judge
from actors.domain.gates.verdict import Reason, Verdict

__all__ = ["Reason", "Verdict", "judge"]
