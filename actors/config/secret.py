"""A value that must not be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator


class Secret:
    """A text that shows itself as `***` in logs, messages, tracebacks and data structures.

    Not a `str`, so that joining, formatting and JSON cannot reveal it by accident. Two secrets are equal when their
    texts are; to compare with something a stranger sent, use `hmac.compare_digest`.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself; call it where it is used, never where it is stored."""
        return self._text

    def parts(self) -> Iterator[str]:
        """Yield every text that gives the secret away: itself, and the password if it is a URL."""
        yield self._text
        try:
            password = urlsplit(self._text).password
        except ValueError:
            return
        if password:
            yield password
            yield unquote(password)

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not sent to another process")
