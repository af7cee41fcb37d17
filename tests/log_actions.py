"""Every `action` of the log, found in the code; `python -m tests.log_actions` writes the list in docs/log.md anew.

An action that is put together, or comes from another place, stands in `PUT_TOGETHER` with all that it may become.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from actors.domain.breaker import BreakerState
from actors.domain.lease import LeaseAction
from actors.domain.memory import Level

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "log.md"
BEGIN, END = "<!-- actions: written by `python -m tests.log_actions` -->", "<!-- end of actions -->"
OUTCOMES = ("done", "nothing", "snooze", "blocked", "failed")
SERVERS = re.compile(r'self\._report\("([^"]+)", "(\w+)", logging\.(\w+)\)')

PUT_TOGETHER: dict[tuple[str, str], tuple[str, ...]] = {
    ("stages", "f'stage_{word}'"): tuple(f"stage_{word}" for word in OUTCOMES),
    ("family", "f'run_{word}'"): tuple(f"run_{word}" for word in OUTCOMES),
    ("family", "action"): ("slot_coalesced", "slot_missed"),
    ("front", "f'breaker_{after}'"): tuple(f"breaker_{state}" for state in BreakerState),
    ("memory", "f'memory_{self.level}'"): tuple(f"memory_{level}" for level in Level),
    ("lease", "change.action.value"): tuple(LeaseAction),
    ("process", "action"): (),
    ("supervisor", "action"): ("actor_started", "actor_restarted"),
    ("permission", "f'decision_{refusal.status}'"): ("decision_cancelled", "decision_skipped"),
    ("trials", "f'knob_{state}'"): ("knob_kept", "knob_reverted"),
    ("verification", "f'id_{word}'"): ("id_differs", "id_missing", "id_wrong"),
    ("reply_health_monitor", "issue.name"): (
        "reply_gap_detected",
        "reply_opportunity_pool_low",
        "reply_opportunity_stale",
        "reply_slo_violation",
        "reply_slo_warning",
    ),
}
WRITTEN_BY_THE_LOG = {"note": ("any", "a line of a library, or one without an action", ("logger",)),
                      "log_dropped": ("warn", "... lines were left out, because there were too many", ("dropped",))}
UNKNOWN = "unknown: add to PUT_TOGETHER"
_LEVELS = {"debug": "debug", "info": "info", "warning": "warn", "error": "error", "exception": "error",
           "critical": "error"}


@dataclass
class Action:
    """What is known of an action: levels, sentences, fields and the modules that write it."""

    levels: set[str] = field(default_factory=set)
    sentences: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)


@cache
def actions() -> dict[str, Action]:
    """Return every action by name; the sources are read once."""
    found: dict[str, Action] = defaultdict(Action)
    for path in sorted((ROOT / "actors").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for scope in ast.walk(tree):
            if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
                _read(scope, path.stem, found)
    servers = (ROOT / "actors" / "embedded" / "process.py").read_text(encoding="utf-8")
    for sentence, action, level in SERVERS.findall(servers):
        entry = found[action]
        entry.levels.add(_LEVELS[level.lower()])
        entry.sentences.add(sentence.replace("%s", "..."))
        entry.fields |= {"server", "pid", "last_line"}
        entry.modules.add("process")
    for action, (level, sentence, fields) in WRITTEN_BY_THE_LOG.items():
        found[action] = Action({level}, {sentence}, set(fields), {"log"})
    return dict(sorted(found.items()))


def _read(scope: ast.AST, module: str, found: dict[str, Action]) -> None:
    calls = [node for node in ast.walk(scope) if isinstance(node, ast.Call) and _is_log(node)]
    named = {target.id: node.value for node in ast.walk(scope) if isinstance(node, ast.Assign | ast.AnnAssign)
             for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
             if isinstance(target, ast.Name) and isinstance(node.value, ast.Dict)}
    changed = [(node.targets[0].value.id, node.value) for node in ast.walk(scope)
               if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
               and isinstance(node.targets[0].value, ast.Name) and ast.unparse(node.targets[0].slice) == "'action'"]
    for call in calls:
        extra = next((each.value for each in call.keywords if each.arg == "extra"), None)
        name = extra.id if isinstance(extra, ast.Name) else ""
        extra = named.get(name) if name else extra
        if not isinstance(extra, ast.Dict):
            if extra is not None or name:
                found[f"{UNKNOWN}, or write it in place: {module}:{call.lineno}"].modules.add(module)
            continue
        keys = {key.value: value for key, value in zip(extra.keys, extra.values, strict=True)
                if isinstance(key, ast.Constant)}
        if "action" not in keys:
            found[f"{UNKNOWN}, or write it in place: {module}:{call.lineno}"].modules.add(module)
            continue
        fields = set(keys) - {"action"} | {"..." for key in extra.keys if key is None}
        for said in [keys["action"], *(value for target, value in changed if target == name)]:
            for action in _names(said, module):
                entry = found[action]
                entry.levels |= _levels(call, scope)
                entry.sentences |= _sentence(call)
                entry.fields |= fields
                entry.modules.add(module)


def _is_log(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "logger"


def _names(said: ast.expr, module: str) -> tuple[str, ...]:
    match said:
        case ast.Constant(value=str(name)):
            return (name,)
        case ast.IfExp(body=first, orelse=second):
            return (*_names(first, module), *_names(second, module))
        case _:
            place = module, ast.unparse(said)
            # What is not known is a row of its own, which no line of a run fits.
            return PUT_TOGETHER.get(place, (f"{UNKNOWN} {place}",))


def _levels(call: ast.Call, scope: ast.AST) -> set[str]:
    assert isinstance(call.func, ast.Attribute)
    if call.func.attr != "log":
        return {_LEVELS[call.func.attr]}
    # `logger.log(level, ...)`: whatever level the function names.
    named = {node.attr.lower() for node in ast.walk(scope)
             if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "logging"}
    return {_LEVELS[name] for name in named & _LEVELS.keys()} or {"any"}


def _sentence(call: ast.Call) -> set[str]:
    assert isinstance(call.func, ast.Attribute)
    words = call.args[1:] if call.func.attr == "log" else call.args
    said = words[0] if words else None
    if isinstance(said, ast.Constant) and isinstance(said.value, str):
        return {re.sub(r"%[-.\d]*[a-z]", "...", said.value)}
    return set()


def _rows() -> Iterator[str]:
    yield "| action | level | says | fields | by |"
    yield "|---|---|---|---|---|"
    for name, entry in actions().items():
        levels = ", ".join(level for level in ("debug", "info", "warn", "error", "any") if level in entry.levels)
        fields = ", ".join(f"`{each}`" if each != "..." else each for each in sorted(entry.fields))
        says = "; ".join(sorted(entry.sentences)).replace("|", "\\|")
        yield f"| `{name}` | {levels} | {says} | {fields} | {', '.join(sorted(entry.modules))} |"


def table() -> str:
    """Return the actions as a Markdown table."""
    return "\n".join(_rows())


def main() -> None:
    """Write the table into its page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
