"""What the log has written to a stream of the test, once its own thread has written it."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

from actors.log import LogWriter
from tests.stage import PATIENCE_S


def text_of(stream: io.StringIO) -> str:
    """Return everything that was logged so far."""
    for each in logging.getLogger().handlers:
        if isinstance(each, LogWriter):
            # Its own `flush` gives up after as long as the end of a process may take.
            assert each._spool.flush(PATIENCE_S)
    return stream.getvalue()


def lines_of(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return everything that was logged so far, as JSON."""
    return [json.loads(line) for line in text_of(stream).splitlines()]
