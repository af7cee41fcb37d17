"""What `check` says of the build that runs: whether it is this program, or the one that was to be deployed (K1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.commands.check_operation import Advice
from actors.commands.send import ask_under
from actors.domain.escaping import clip, describe, escape
from actors.errors import AppError
from actors.runtime.build import build_id

if TYPE_CHECKING:
    from actors.config import Config

OURS = "this"
"""What is expected where `--expect` names no build: the one of this program."""
_SHOWN = 40


def running_build(config: Config, expected: str | None) -> Advice:
    """Ask the running supervisor for its build, and hold it against this program's or the expected one.

    Raises:
        AppError: another one runs than is expected, or none that tells.
    """
    wanted = build_id() if expected == OURS else expected
    try:
        status = ask_under(config, ["status"]).get("status")
    except AppError as error:
        if wanted is not None:
            raise AppError(f"{wanted} is expected, and {error.message}", error.hint) from error
        return Advice(f"not compared: {error.message}")
    told = status.get("build") if isinstance(status, dict) else None
    # Without a CONTROL_KEY whoever can publish on that Redis can answer.
    running = escape(clip(describe(told or "a build without a name"), _SHOWN))
    if wanted is not None and running != wanted:
        hint = "the deployment failed, or is not through yet: look at what the platform says of its build"
        raise AppError(f"{running} runs, and {wanted} is expected", hint)
    if running != build_id():
        return Advice(f"{running} runs, and this program is {build_id()}", "deploy it, if it is to run")
    return Advice(f"{running} runs, which is this program")
