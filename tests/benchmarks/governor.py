"""The governor in a storm: what 50,000 events cost through our log, as a ratio to `logging` that writes nothing."""

from __future__ import annotations

import io
import json
import logging
import statistics
import time
from collections import Counter
from typing import Any

from actors.domain.escaping import Cleaner
from actors.domain.redaction import redact_shapes
from actors.log import LogWriter

EVENTS, ROUNDS = 50_000, 5


def measure() -> dict[str, Any]:
    """Return the processor time of an event in microseconds, the ratio, and how many lines went out of how many."""
    logger = logging.getLogger("actors.storm")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    costs: dict[str, list[float]] = {"logging alone": [], "ours": []}
    lines, dropped = [], 0
    # They take turns, so that a machine whose speed drifts drifts for both.
    for _ in range(ROUNDS):
        stream = io.StringIO()
        ours = LogWriter(stream, Cleaner(redact_shapes), "bench", is_pretty=False, is_coloured=False)
        for name, handler in (("logging alone", logging.NullHandler()), ("ours", ours)):
            logger.handlers = [handler]
            began = time.process_time()
            for number in range(EVENTS):
                logger.info("read %s", number, extra={"action": "http_request", "data": "a text from outside"})
            handler.flush()
            costs[name].append((time.process_time() - began) * 1e6 / EVENTS)
        written = Counter(json.loads(line)["action"] for line in stream.getvalue().splitlines())
        lines.append(written["http_request"])
        dropped = ours.dropped()["http_request"]
        assert written["http_request"] + dropped == EVENTS
        ours.close()
    medians = {name: statistics.median(values) for name, values in costs.items()}
    return {
        "event_us": {name: round(value, 2) for name, value in medians.items()},
        "ratio": round(medians["ours"] / medians["logging alone"], 2),
        "lines": statistics.median(lines),
        "events": EVENTS,
    }


if __name__ == "__main__":
    print(json.dumps(measure()))
