"""Abandoned threads: counted while they live, and told apart by whether they wait or compute."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from actors.runtime.abandoned import Computing, abandoned_threads, mark_abandoned, stack_of
from tests.runtime.stage import WAIT
from tests.stage import eventually

if TYPE_CHECKING:
    from collections.abc import Callable


def start(name: str, target: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.start()
    return thread


def test_a_thread_counts_from_its_mark_to_its_end_and_once() -> None:
    release = threading.Event()
    thread = start("hung", lambda: release.wait(WAIT))
    assert thread not in abandoned_threads()
    mark_abandoned(thread)
    mark_abandoned(thread)
    assert thread.name == "hung (abandoned)"
    assert thread in abandoned_threads()
    assert eventually(lambda: "release.wait(WAIT)" in stack_of(thread), "it waits")
    release.set()
    thread.join(WAIT)
    assert thread not in abandoned_threads()
    assert stack_of(thread) == ""


def test_a_thread_that_computes_is_found_among_those_that_wait() -> None:
    release = threading.Event()

    def spin() -> None:
        while not release.is_set():
            pass

    waits, spins = start("waits", lambda: release.wait(WAIT)), start("spins", spin)
    computing = Computing()
    assert computing.look([waits, spins]) == []
    eventually(lambda: computing.look([waits, spins]) == [spins], "the spinning one found")
    release.set()
    for thread in (waits, spins):
        thread.join(WAIT)
    assert computing.look([]) == []
