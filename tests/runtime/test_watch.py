"""The process's own watch, in processes that wedge themselves."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]

# A root that answers, and then does what the test says.
SCRIPT = """
import logging, re, sys, threading
from actors import log
from actors.config import LogSettings
from actors.runtime.address import Address
from actors.runtime.cell import Cell, Incarnation
from actors.runtime.watch import Watch

log.setup(LogSettings(format="json"))

class Root:
    def receive(self, message):
        message()

    def stop(self):
        pass

def hang():
    threading.Event().wait(60)

def hold_the_interpreter():
    re.match(r"(a|a)*$", "a" * 60 + "b")

root = Address("root", 1)
life = Incarnation(root.mailbox.next_generation())
Cell.start(root, lambda context: Root(), life, print)
life.ready.wait(5)
watch = Watch(root, limit_s={limit}, last_s={last})
watch.start()
{then}
"""


def run(then: str, *, limit: float = 1.0, last: float = 60.0) -> subprocess.CompletedProcess[str]:
    script = SCRIPT.format(limit=limit, last=last, then=textwrap.dedent(then))
    words = [sys.executable, "-c", script]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_a_tree_that_answers_is_left_alone_and_the_watch_ends_with_it() -> None:
    done = run(
        """
        threading.Event().wait(6)
        watch.stop()
        print("alive")
        """,
        limit=4.0,
        last=4.0,
    )
    assert (done.returncode, done.stdout.split()) == (0, ["alive"])


def test_a_wedged_tree_dumps_all_stacks_and_ends_the_process_with_a_code_but_zero() -> None:
    done = run("root.tell(hang); threading.Event().wait(30)")
    assert done.returncode == 70
    assert "in hang" in done.stderr
    assert done.stderr.count("Thread 0x") >= 3
    assert "the tree gave no answer for 1 s" in done.stdout


def test_a_mailbox_that_takes_nothing_more_is_a_wedge_too() -> None:
    done = run(
        """
        root.tell(hang)
        for _ in range(2):
            from actors.domain.priority import Band
            try:
                root.tell(hang, Band.P0)
            except Exception as error:
                print(error)
        threading.Event().wait(30)
        """
    )
    assert "holds 1 messages" in done.stdout
    assert done.returncode == 70


def test_a_call_that_never_lets_go_of_the_interpreter_ends_the_process_all_the_same() -> None:
    done = run("root.tell(hold_the_interpreter); threading.Event().wait(30)", last=2.0)
    assert done.returncode == 1
    assert "Timeout" in done.stderr
    assert "in hold_the_interpreter" in done.stderr
