"""The log and its reader: a pipe that nobody reads holds up nobody, and what it does not take is counted."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from actors import spool as module
from actors.domain.escaping import Cleaner
from actors.domain.governor import Kept
from actors.domain.redaction import redact_shapes
from actors.log import LogWriter, finish
from actors.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
WAIT_S = 30.0
ENDS = """
import logging, os
from actors import log
from actors.config import LogSettings
from actors.domain.governor import Kept

log.setup(LogSettings(format="json"), kept=Kept(frozenset({"posting"})))
for number in range(2000):
    logging.getLogger("actors.posting").info(f"posted {'x' * 50}", extra={"action": "posted", "job": "posting",
                                                                            "decision": number})
"""


class Pipe:
    """The real writer at one end of a pipe, whose other end is read only when the test says so."""

    def __init__(self) -> None:
        self.end, begin = os.pipe()
        self.stream = os.fdopen(begin, "w")
        self.now = 0.0
        self.writer = LogWriter(
            self.stream, Cleaner(redact_shapes), "b00t", is_pretty=False, is_coloured=False,
            kept=Kept(frozenset({"posting"})), clock=lambda: self.now,
        )  # fmt: skip
        self.read = bytearray()
        self.reader = threading.Thread(target=self._read)

    def _read(self) -> None:
        while data := os.read(self.end, 65536):
            self.read += data

    def lines(self) -> list[dict[str, Any]]:
        """Read from now on, and return everything once the writer is closed."""
        self.reader.start()
        assert self.writer._spool.flush(WAIT_S)
        self.writer.close()
        self.stream.close()
        self.reader.join(WAIT_S)
        return [json.loads(line) for line in self.read.decode().splitlines()]


@pytest.fixture
def pipe(logging_as_before: None) -> Iterator[Pipe]:
    """Put such a writer in the place of the log."""
    pipe, ours = Pipe(), logging.getLogger("actors")
    ours.addHandler(pipe.writer)
    ours.setLevel(logging.INFO)
    ours.propagate = False
    yield pipe
    ours.removeHandler(pipe.writer)
    ours.propagate = True
    if not pipe.reader.is_alive():
        os.close(pipe.end)
    pipe.writer.close()


def told(lines: list[dict[str, Any]], action: str) -> int:
    return sum(line["dropped"].get(action, 0) for line in lines if line["action"] == "log_dropped")


def test_k6_nobody_waits_for_a_pipe_that_is_not_read_and_every_line_is_written_or_counted(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROOM", 100_000)
    monkeypatch.setattr(module, "ROOM_OF_KEPT", 200_000)
    asked = 3000

    def work() -> None:
        for number in range(asked):
            pipe.now += 0.1
            logging.getLogger("actors.noisy").info("x" * 50, extra={"action": "noise"})
            extra = {"action": "posted", "job": "posting", "decision": str(number)}
            logging.getLogger("actors.p0").info("y" * 50, extra=extra)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(WAIT_S)
    assert not worker.is_alive(), "whoever logs waits for the reader"
    # Whoever reads again gets what waited, and the next line says what did not find room.
    pipe.reader.start()
    assert pipe.writer._spool.flush(WAIT_S)
    pipe.now += 1.0
    logging.getLogger("actors.noisy").info("z", extra={"action": "last"})
    pipe.writer.close()
    pipe.stream.close()
    pipe.reader.join(WAIT_S)
    lines = [json.loads(line) for line in pipe.read.decode().splitlines()]
    lost = sum(line.get("lost", 0) for line in lines)
    out = {action: sum(line["action"] == action for line in lines) for action in ("noise", "posted", "last")}
    assert out["last"] == 1
    assert 0 < told(lines, "noise") == asked - out["noise"]
    assert 0 < lost == asked - out["posted"]
    assert lines[-1]["seq"] == len(lines) + lost
    # The first place after a gap tells of it, and nobody else does. There are more if the writer came late to the pipe.
    gaps = [(after["seq"] - before["seq"] - 1, after.get("lost", 0)) for before, after in pairwise(lines)]
    assert all(missing == said for missing, said in gaps)


@pytest.mark.parametrize("how", ["", "log.finish(0.3); os._exit(7)"])
def test_k6_a_process_whose_log_nobody_reads_ends_all_the_same_and_says_how_much_was_not_taken(how: str) -> None:
    end, begin = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", ENDS + how], cwd=ROOT, stdout=begin, stderr=subprocess.PIPE, text=True
    )
    os.close(begin)
    try:
        _, said = process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
    assert process.returncode == (7 if how else 0)
    with os.fdopen(end, "rb") as left:
        whole = left.read().count(b"\n")
    assert 0 < whole < 2000
    if not how:
        assert said == f"the log ends with {2000 - whole} lines that nobody has read\n"


def test_k6_the_last_lines_of_a_process_that_ends_without_a_word_are_written_before() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDS + "log.finish(10.0); os._exit(0)"], cwd=ROOT, capture_output=True, timeout=WAIT_S,
        check=True,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["decision"] for line in lines] == list(range(2000))


def test_k6_what_was_left_out_or_held_back_is_told_at_the_end_and_not_only_with_the_next_line(pipe: Pipe) -> None:
    for _ in range(1000):
        logging.getLogger("actors.noisy").info("x", extra={"action": "noise"})
    for number in range(13_174):
        logging.getLogger("actors.loop").error("Task-%d was never retrieved", number, extra={"action": "broken"})
    lines = pipe.lines()
    assert sum(line["action"] == "noise" for line in lines) + told(lines, "noise") == 1000
    assert sum(line.get("repeated", 1) for line in lines if line["action"] == "broken") == 13_174
    assert sum(line["action"] == "broken" for line in lines) == 11
    assert len(lines) <= 400


def test_a_line_behind_half_a_one_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    written, room = bytearray(), [1 << 20, 5, 0, 1 << 20]

    def write(_: int, data: memoryview) -> int:
        some = min(len(data), room[0])
        if not some:
            room.pop(0)
            raise OSError(28, "No space left on device")
        written.extend(data[:some])
        room.pop(0)
        return some

    descriptor = module._Descriptor(1)
    monkeypatch.setattr(os, "write", write)
    descriptor.write(b"first\n")
    with pytest.raises(OSError, match="No space"):
        descriptor.write(b"second\n")
    room[:] = [1 << 20]
    descriptor.write(b"third\n")
    room[:] = [1 << 20]
    descriptor.write(b"fourth\n")
    assert bytes(written) == b"first\nsecon\nthird\nfourth\n"


def test_a_pipe_that_a_child_made_non_blocking_takes_every_line(pipe: Pipe) -> None:
    os.set_blocking(pipe.stream.fileno(), False)
    for number in range(1000):
        extra = {"action": "posted", "job": "posting", "decision": str(number)}
        logging.getLogger("actors.p0").info("y" * 200, extra=extra)
    assert [line["decision"] for line in pipe.lines()] == [str(number) for number in range(1000)]


def test_whoever_is_interrupted_in_the_midst_of_a_line_may_log_and_wait_for_the_log(pipe: Pipe) -> None:
    class Interrupting:
        def __str__(self) -> str:
            logging.getLogger("actors.signal").warning("a second signal", extra={"action": "signal"})
            finish(WAIT_S)
            return "interrupted"

    logging.getLogger().addHandler(pipe.writer)
    with pipe.writer._spool._news:
        assert pipe.writer._spool.flush(WAIT_S)
    logging.getLogger("actors.main").warning("x", extra={"action": "main", "data": Interrupting()})
    logging.getLogger().removeHandler(pipe.writer)
    assert [line["action"] for line in pipe.lines()] == ["signal", "main"]


def test_after_its_end_a_spool_takes_nothing_and_counts_it() -> None:
    end, begin = os.pipe()
    with os.fdopen(begin, "w") as stream, os.fdopen(end, "rb"):
        spool = Spool(stream, lambda line, lost: f"{line} {lost}")
        spool.put("first")
        assert spool.close(WAIT_S) == 0
        spool.put("late")
        assert not spool.has_room
        assert spool.close(0.0) == 1
