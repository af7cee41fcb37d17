"""`make mutate`: break the kernel's pure machines in every small way, and see whether a test notices.

The breaking is mutmut's; setup.cfg, section [mutmut], says which modules, and which tests have to notice. What this
adds is the verdict: at least nine of ten mutants must be killed (one that hangs is), and each that survives needs its
reason in `survivors.toml`, where it is reviewed like code. mutmut changes what stands in functions; defaults of fields
and members of enumerations stay as they are.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).parent.parent.parent
LEAST_KILLED = 0.9
_MOST_S = 1800.0
_SHOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change that no test noticed."""

    module: str
    function: str
    old: str
    new: str

    @property
    def line(self) -> int:
        """Return the number of the changed line, or the function's first if the change stands in several."""
        source = (ROOT / self.module).read_text(encoding="utf-8")
        tree: ast.AST = ast.parse(source)
        for name in self.function.split("."):
            named = (ast.FunctionDef, ast.ClassDef)
            tree = next(node for node in ast.walk(tree) if isinstance(node, named) and node.name == name)
        assert isinstance(tree, ast.FunctionDef)
        lines = source.splitlines()[: tree.end_lineno]
        found = (number for number in range(tree.lineno, len(lines) + 1) if lines[number - 1].strip() == self.old)
        return next(found, tree.lineno)


def read_diff(name: str, diff: str) -> Mutant:
    """Return the mutant of this mutmut name (`actors.domain.x.xǁClassǁfunction__mutmut_3`) and unified diff."""
    module, _, mangled = name.rpartition("__mutmut_")[0].rpartition(".")
    parts = mangled.split("ǁ")
    function = ".".join(parts[1:]) if len(parts) > 1 else mangled.removeprefix("x_")
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    old, new = (" ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
    return Mutant(f"{module.replace('.', '/')}.py", function, old, new)


def read_reasons(text: str) -> dict[Mutant, str]:
    """Return the reason of each survivor in the text of `survivors.toml`."""
    rows = tomllib.loads(text).get("survivor", [])
    return {Mutant(row["module"], row["function"], row["old"], row["new"]): row["reason"].strip() for row in rows}


def complaints(killed: int, survivors: list[Mutant], reasons: dict[Mutant, str]) -> list[str]:
    """Return everything that makes the run a failure."""
    total = killed + len(survivors)
    found = [f"{each.module}:{each.line} survives without a reason" for each in survivors if not reasons.get(each)]
    found += [f"{each.module}: {each.old} is no survivor, drop its reason" for each in reasons if each not in survivors]
    if not total:
        found.append("there was nothing to break")
    elif killed < LEAST_KILLED * total:
        found.append(f"only {killed / total:.1%} of the mutants are killed, {LEAST_KILLED:.0%} are needed")
    return found


def main() -> int:
    """Run mutmut from nothing, then judge."""
    console = Console(highlight=False)
    # Verdicts kept from earlier runs would not know that a test has changed.
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)
    if _mutmut("run", timeout=_MOST_S, shown=True).returncode:
        console.print("mutmut itself failed")
        return 1
    listed = _mutmut("results", "--all", "true", timeout=_SHOW_S).stdout
    verdicts = dict(re.findall(r"^\s+(\S+__mutmut_\d+): (.+)$", listed, re.MULTILINE))
    alive = [name for name, verdict in verdicts.items() if verdict not in {"killed", "timeout"}]
    survivors = [read_diff(name, _mutmut("show", name, timeout=_SHOW_S).stdout) for name in alive]
    reasons = read_reasons((Path(__file__).parent / "survivors.toml").read_text(encoding="utf-8"))
    for each in survivors:
        console.print(f"\n[bold]{each.module}:{each.line}[/] {each.function}", soft_wrap=True)
        console.print(f"  - {each.old}\n  + {each.new}", soft_wrap=True, markup=False)
        console.print(f"  {reasons.get(each) or 'NO REASON'}", soft_wrap=True, markup=False)
    killed = len(verdicts) - len(survivors)
    console.print(f"\n{killed} of {len(verdicts)} mutants killed, {len(survivors)} survive")
    wrong = complaints(killed, survivors, reasons)
    for complaint in wrong:
        console.print(complaint, style="red", soft_wrap=True, markup=False)
    return 1 if wrong else 0


def _mutmut(*words: str, timeout: float, shown: bool = False) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mutmut", *words]
    stdout = None if shown else subprocess.PIPE
    return subprocess.run(command, cwd=ROOT, stdout=stdout, text=True, timeout=timeout, check=False)


if __name__ == "__main__":
    sys.exit(main())
