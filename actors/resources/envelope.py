"""The envelope of a login session at rest: AES-256-GCM by `cryptography`, under a key of the operator's."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from actors.errors import ConfigError, PermanentError

if TYPE_CHECKING:
    from actors.config import Secret

FORMAT = 1
"""Of the sealed bytes: a nonce of 12 bytes, then ciphertext and tag."""
_NONCE = 12
_KEY = 32


@dataclass(frozen=True, slots=True)
class Place:
    """Where an envelope belongs. It is authenticated: one that is moved to another row or version does not open."""

    site: str
    account: str
    version: int

    def bytes(self) -> bytes:
        """Return it in one way only."""
        return json.dumps([FORMAT, self.site, self.account, self.version]).encode()


def key_id(key: Secret) -> str:
    """Return a name for the key that tells nothing of it, so that a wrong one is known before anything is opened.

    Raises:
        ConfigError: it is no key.
    """
    return hashlib.sha256(b"session-key-id:" + _key(key)).hexdigest()[:12]


def seal(state: dict[str, Any], key: Secret, place: Place) -> bytes:
    """Return the session, encrypted. A nonce is random and never used twice: a few imports a year use up none.

    Raises:
        ConfigError: it is no key.
    """
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(_key(key)).encrypt(nonce, json.dumps(state).encode(), place.bytes())


def unseal(sealed: bytes, key: Secret, place: Place) -> dict[str, Any]:
    """Return the session.

    Raises:
        ConfigError: it is no key. PermanentError: another key sealed it, or somebody changed or moved it.
    """
    try:
        text = AESGCM(_key(key)).decrypt(sealed[:_NONCE], sealed[_NONCE:], place.bytes())
    except (InvalidTag, ValueError):
        raise PermanentError(
            f"version {place.version} of the session does not open: another key sealed it, or it was changed",
            "set the SESSION_KEY of its import, or import it again with `session import FILE`",
        ) from None
    state: dict[str, Any] = json.loads(text)
    return state


def _key(key: Secret) -> bytes:
    try:
        raw = base64.b64decode(key.reveal(), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _KEY:
        raise ConfigError("SESSION_KEY is no base64 of 32 bytes", "make one: openssl rand -base64 32")
    return raw
