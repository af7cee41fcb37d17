"""The benches' site: a sandbox in a process of its own that takes the same text twice and has a past."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from tests.acceptance.engine import ROOT
from tests.torture.account import post_json

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = "commons_daily"
GULLIBLE = ROOT / "tests" / "torture" / "gullible.py"
_PAST_S = 2 * 86400.0
_START_S = 60.0
_LOOK_S = 0.02


class Site:
    """A sandbox on `folder`, from its start to `end`. Both clocks showed `wall` and `schedule` at one instant."""

    def __init__(self, folder: Path, speed: float, wall: float, schedule: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "bench.log"
        words = [sys.executable, str(GULLIBLE), "sandbox", "--port", "0", "--data", str(folder)]
        words += ["--speed", str(speed), "--anchor", f"{wall!r}:{schedule!r}"]
        with log.open("wb") as out:
            self._process = subprocess.Popen(words, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        until, pause, ready = time.monotonic() + _START_S, threading.Event(), ""
        while not ready and self._process.poll() is None and time.monotonic() < until:
            pause.wait(_LOOK_S)
            ready = next((line for line in log.read_text("utf-8").splitlines() if "sandbox_ready" in line), "")
        assert ready, f"the site did not start:\n{log.read_text('utf-8')}"
        self.url = str(json.loads(ready)["url"])

    def end(self) -> None:
        """End it; its world stays on disk."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)


def give_past(folder: Path, speed: float) -> None:
    """Let the account have written a post by hand two days ago, on a site that does not run.

    Only an own post that is older than what is looked for proves how far back a timeline reaches.
    """
    now = time.time()
    site = Site(folder, speed, now, now - _PAST_S)
    post_json(site.url + "/_posts", {"author": ACCOUNT, "text": "Written by hand, long ago."})
    site.end()
