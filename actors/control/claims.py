"""Claims: of several processes that hear the same signed word, the one that is first to say so in Redis obeys it.

What is published is heard by all of them. Those that come too late to obey it know it by the claim, which bears a
signature of ours over the message: they leave the word to who claimed it, and only what is said again is refused.
"""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING

import redis

from actors.control.signature import FRESH_S, Claimed, stamp

if TYPE_CHECKING:
    from actors.config import Secret

_LASTS_S = 2 * FRESH_S
"""As long as a signature can be good: its time may be `FRESH_S` from ours either way."""
_BESIDE_S = 10
"""How many seconds after another process a second one may hear the same publication, the difference of their clocks
included. What comes later was said again.
"""


def claim(client: redis.Redis, nonce: str, boot: str, raw: bytes, *, key: Secret, is_published: bool) -> Claimed:
    """Claim the nonce of a right signature for this process; waits for Redis as long as the client does.

    Called in the ear's threads, so that the words of each way stay in their order. Who claims a word and dies does not
    obey it: an order that is carried out twice is worse than one that is not answered.

    Args:
        client: decodes nothing.
        nonce: of the signature.
        boot: the name of this process.
        raw: the message that bears the signature.
        key: the one that made the signature.
        is_published: whether every process hears the message, and not one of them.
    """
    place, now = f"supervisor:nonce:{nonce}", int(time.time())
    try:
        if client.set(place, _text(boot, now, raw, key), nx=True, ex=_LASTS_S):
            return Claimed()
    except (redis.RedisError, OSError) as error:
        return Claimed(doubt=f"another process may have obeyed it, for Redis did not keep its nonce: {error}")
    try:
        found = client.get(place) if is_published else None
    except (redis.RedisError, OSError):
        # That it is claimed is known, and it is refused.
        return Claimed(is_used=True)
    by = _claimant(found, now, raw, key)
    return Claimed(by=by) if by not in {"", boot} else Claimed(is_used=True)


def _text(boot: str, at: int, raw: bytes, key: Secret) -> bytes:
    said = f"{boot} {at}"
    return f"{said} {stamp(f'claim {said} '.encode() + raw, key)}".encode()


def _claimant(found: object, now: int, raw: bytes, key: Secret) -> str:
    """Return who claimed this message at this moment, or nothing; on a shared Redis anybody may have written it."""
    if not isinstance(found, bytes):
        return ""
    boot, _, rest = found.decode("ascii", "replace").partition(" ")
    at = rest.partition(" ")[0]
    if not at.isdecimal() or len(at) > len(str(now)) or abs(now - int(at)) > _BESIDE_S:
        return ""
    return boot if hmac.compare_digest(found, _text(boot, int(at), raw, key)) else ""
