"""Answers under the control key: whoever holds it, and signed a word, believes nobody else's.

On a shared Redis anybody can publish an answer. That to a signed word therefore bears `signature`: HMAC-SHA256 under
CONTROL_KEY over the canonical JSON of `{"answer": ..., "nonce": ...}`, the answer without its signature and the nonce
of the word. A refusal is signed only if the word's signature was right, and not if it was used before: who repeats
another's word could otherwise give him a refusal for an answer.
"""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any

from actors.control.signature import canonical, stamp

if TYPE_CHECKING:
    from actors.config import Secret

_FIELD = "signature"


def sign_answer(answer: dict[str, Any], *, key: Secret, nonce: str) -> dict[str, Any]:
    """Return the answer as its JSON has it (what JSON does not know, as a text), with the signature for one word.

    Args:
        answer: has no signature yet.
        key: the one the asker has in CONTROL_KEY.
        nonce: of the word that is answered.
    """
    plain: dict[str, Any] = json.loads(json.dumps(answer, default=str))
    return {**plain, _FIELD: _signature(plain, key, nonce)}


def is_signed_answer(answer: dict[str, Any], *, key: Secret, nonce: str) -> bool:
    """Return whether an answer comes from who holds the key, and is to the word with this nonce."""
    plain, given = dict(answer), answer.get(_FIELD)
    plain.pop(_FIELD, None)
    if not isinstance(given, str) or not given.isascii():
        return False
    return hmac.compare_digest(_signature(plain, key, nonce), given)


def _signature(answer: dict[str, Any], key: Secret, nonce: str) -> str:
    return stamp(canonical({"answer": answer, "nonce": nonce}), key)
