"""The seal of the lines that carry the state, or tell of a beginning or an end: a keyed hash, for who has the key."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = 1
"""Version of the log's schema. A new field leaves it; a field that goes or means something else raises it."""

OWN_KEY = "boot"
"""What such a line names as its key if none was configured: one that only this process knows."""
GIVEN_KEY = "LOG_KEY"

STARTS = ("starting", "start_step", "start_waits")
PHASES = {"ready": "ready", "shutdown": "stopping", "stopped": "stopped"}
"""Actions of the lines that tell how a process begins and ends, and what it is after each; they are sealed, too."""

_SEALED = (
    "schema", "time", "action", "boot", "seq", "state_seq",
    "beat", "state", "change", "gone", "anew", "dropped", "over",
)  # fmt: skip
"""Fields under the seal. What a platform adds to a line or does to its level leaves the seal whole."""


def seal(fields: Mapping[str, Any], key: bytes) -> str:
    """Return HMAC-SHA256 of a line's sealed fields, as hex, over their canonical JSON: names sorted, ASCII, no spaces,
    whole numbers without a fraction, because a platform may read 2.0 and write 2.
    """
    document = {name: _plain(fields[name]) for name in _SEALED if name in fields}
    text = json.dumps(document, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hmac.new(key, text.encode("ascii"), hashlib.sha256).hexdigest()


def is_sealed(fields: Mapping[str, Any], key: bytes) -> bool:
    """Tell, in constant time, whether a line read back carries the seal that this key gives it."""
    found = fields.get("hash")
    return isinstance(found, str) and found.isascii() and hmac.compare_digest(found, seal(fields, key))


def _plain(value: Any) -> Any:
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {name: _plain(part) for name, part in value.items()}
        case list():
            return [_plain(part) for part in value]
        case _:
            return value
