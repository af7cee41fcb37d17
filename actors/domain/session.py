"""A login session as a browser exports it: whether it is one, whether it is of this site, and what may be told of it.

The shape is Playwright's storage state: `cookies`, and `origins` with their local storage. Nothing here shows a value.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from actors.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_BYTES = 1_000_000
"""An export of one site is some kilobytes; one of a whole profile is no login."""
_MOST_COOKIES = 200
_SHOWN = 5
_TEXTS = ("name", "value", "domain", "path")
_FLAGS = ("httpOnly", "secure")
_SAME_SITE = ("Strict", "Lax", "None")
_LEAST_BITS = 64
"""What a key that nobody can guess has at least (OWASP, Session Management Cheat Sheet)."""
_PIECE = re.compile(r"[A-Za-z0-9]+")
_ORDINARY = re.compile(r"(?:[A-Za-z]?[a-z]{0,13}|[A-Z]{1,14})\d{0,3}|\d{1,4}")
"""A piece of what people write: a word in one case, perhaps with a number behind it, or a year, a port, a part of an
address. No name of ours, of an action, a job or a metric, has a longer word.
"""
_CLASSES = ((re.compile(r"\d"), 10), (re.compile("[a-z]"), 26), (re.compile("[A-Z]"), 26))
_AGAIN = "log in once more in a browser and export its storage state"


@dataclass(frozen=True, slots=True)
class Fact:
    """What may be told of a cookie. `expires` is None for one that has no end."""

    name: str
    domain: str
    expires: datetime | None


def accept(document: Any, host: str, now: datetime) -> dict[str, Any]:
    """Return the session with the fields that a browser takes and no others.

    Args:
        document: what a file held, read as JSON.
        host: of the site, without a port; only what a browser would send there is accepted.
        now: real time, by which browsers let cookies end.

    Raises:
        ConfigError: it is no storage state, has cookies or storage of other hosts, or cookies that have expired; the
            message names them, never a value.
    """
    if not isinstance(document, dict) or not isinstance(document.get("cookies"), list):
        raise ConfigError("this is no storage state: it has no list of `cookies`", _AGAIN)
    cookies = [_cookie(each, number) for number, each in enumerate(document["cookies"], start=1)]
    if not cookies:
        raise ConfigError("the storage state has no cookie, so nobody is logged in by it", _AGAIN)
    if len(cookies) > _MOST_COOKIES:
        raise ConfigError(f"{len(cookies)} cookies are no login of one site; at most {_MOST_COOKIES} are taken", _AGAIN)
    origins = [_origin(each) for each in _list(document.get("origins", []), "origins")]
    foreign = [f"{each['name']} of {each['domain']}" for each in cookies if not _is_sent_to(each["domain"], host)]
    foreign += [f"the storage of {each['origin']}" for each in origins if _host_of(each["origin"]) != host]
    if foreign:
        raise ConfigError(f"not of {host}: {_some(foreign)}", f"export the login of {host} alone")
    state = {"cookies": cookies, "origins": origins}
    late = [f"{fact.name} ({fact.expires:%Y-%m-%d %H:%M})" for fact in expired(state, now) if fact.expires]
    if late:
        raise ConfigError(f"expired: {_some(late)}", _AGAIN)
    return state


def facts(state: Mapping[str, Any]) -> list[Fact]:
    """Return what may be told of each cookie of an accepted session."""
    return [Fact(each["name"], each["domain"], _end_of(each["expires"])) for each in state["cookies"]]


def expired(state: Mapping[str, Any], now: datetime) -> list[Fact]:
    """Return the cookies that have ended by `now`, real time."""
    return [fact for fact in facts(state) if fact.expires is not None and fact.expires <= now]


def values(state: Mapping[str, Any]) -> Iterator[str]:
    """Yield every text of an accepted session that gives access, for the log to black out wherever it stands.

    What a page keeps for itself (`theme=dark`, a language, a date) is no secret, and blacked out it would take the
    log's own words with it. A key is drawn at random: so it is nothing that people write. One that the site hides from
    scripts (`httpOnly`) is taken for a key whatever its length; what scripts may read only if nobody could guess it.
    """
    for each in state["cookies"]:
        if _is_drawn(each["value"]) and (each["httpOnly"] or _bits(each["value"]) >= _LEAST_BITS):
            yield each["value"]
    for item in (item for each in state["origins"] for item in each["localStorage"]):
        if _is_drawn(item["value"]) and _bits(item["value"]) >= _LEAST_BITS:
            yield item["value"]


def _is_drawn(text: str) -> bool:
    return not all(map(_ORDINARY.fullmatch, _PIECE.findall(text)))


def _bits(text: str) -> float:
    """Return how many bits a text of such letters and digits holds if each sign of it was drawn alone."""
    return len(text) * math.log2(sum(size for kind, size in _CLASSES if kind.search(text)) or 1)


def _cookie(given: Any, number: int) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ConfigError(f"this is no storage state: cookie {number} is no object", _AGAIN)
    wrong = [name for name in _TEXTS if not isinstance(given.get(name), str)]
    wrong += [name for name in _FLAGS if not isinstance(given.get(name, False), bool)]
    end = given.get("expires", -1)
    if isinstance(end, bool) or not isinstance(end, int | float) or not -1 <= end < 1e11:
        wrong.append("expires")
    if given.get("sameSite", "Lax") not in _SAME_SITE:
        wrong.append("sameSite")
    wrong += [name for name in ("name", "domain") if name not in wrong and not given[name].strip(".")]
    if wrong:
        raise ConfigError(f"this is no storage state: cookie {number} has no right {', '.join(wrong)}", _AGAIN)
    return {
        **{name: given[name] for name in _TEXTS},
        **{name: given.get(name, False) for name in _FLAGS},
        "expires": end,
        "sameSite": given.get("sameSite", "Lax"),
    }


def _origin(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict) or not isinstance(given.get("origin"), str):
        raise ConfigError("this is no storage state: one of its `origins` names none", _AGAIN)
    if given.get("indexedDB"):
        raise ConfigError(f"the storage of {given['origin']} has an IndexedDB", "export without `indexed_db`")
    items = _list(given.get("localStorage", []), "localStorage")
    if not all(isinstance(each, dict) and isinstance(each.get("name"), str) for each in items):
        raise ConfigError("this is no storage state: an entry of a `localStorage` has no name", _AGAIN)
    if not all(isinstance(each.get("value"), str) for each in items):
        raise ConfigError("this is no storage state: an entry of a `localStorage` has no text as its value", _AGAIN)
    kept = [{"name": each["name"], "value": each["value"]} for each in items]
    return {"origin": given["origin"], "localStorage": kept}


def _list(given: Any, name: str) -> list[Any]:
    if not isinstance(given, list):
        raise ConfigError(f"this is no storage state: its `{name}` is no list", _AGAIN)
    return given


def _is_sent_to(domain: str, host: str) -> bool:
    """Whether a browser on this site sends a cookie of this domain to the site or a part of it (RFC 6265, 5.1.3)."""
    plain = domain.removeprefix(".").lower()
    is_above = domain.startswith(".") and "." in plain and host.endswith("." + plain)
    return plain == host or is_above or plain.endswith("." + host)


def _host_of(origin: str) -> str:
    scheme, slashes, rest = origin.partition("://")
    if scheme not in ("http", "https") or not slashes:
        return ""
    return rest.rpartition(":")[0].lower() if rest.rpartition(":")[2].isdigit() else rest.lower()


def _end_of(expires: float) -> datetime | None:
    return datetime.fromtimestamp(expires, UTC) if expires >= 0 else None


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(each[:80] for each in names[:_SHOWN]) + more
