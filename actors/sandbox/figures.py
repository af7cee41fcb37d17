"""Numbers and ages as the site writes them."""

from __future__ import annotations

from datetime import datetime, timedelta

_SUFFIXES = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K"))


def exact(number: int) -> str:
    """Write a count in full: 1234 is "1,234"."""
    return f"{number:,}"


def abbreviated(number: int, exact_below: int = 1_000) -> str:
    """Write a count in short: 1234 is "1.2K"; cut, not rounded, so that a number never looks larger than it is."""
    if number < exact_below:
        return exact(number)
    for size, suffix in _SUFFIXES:
        if number >= size:
            tenths = number * 10 // size
            return f"{tenths // 10}{suffix}" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}{suffix}"
    return exact(number)


def counted(number: int, one: str, many: str) -> str:
    """Write a count with its noun: "1 reply", "1,234 replies"."""
    return f"{exact(number)} {one if number == 1 else many}"


def age(moment: datetime, now: datetime) -> str:
    """Write how old a post is, the way a timeline does: "4s", "12m", "3h", then the day."""
    past = max(timedelta(0), now - moment)
    if past < timedelta(minutes=1):
        return f"{past.seconds}s"
    if past < timedelta(hours=1):
        return f"{past.seconds // 60}m"
    if past < timedelta(days=1):
        return f"{past.seconds // 3600}h"
    day = f"{moment:%b} {moment.day}"
    return day if moment.year == now.year else f"{day}, {moment.year}"


def full_date(moment: datetime) -> str:
    """Write an instant in full, in UTC: "9:05 PM · Mar 1, 2026"."""
    return f"{moment.hour % 12 or 12}:{moment:%M %p} · {moment:%b} {moment.day}, {moment.year}"


def api_date(moment: datetime) -> str:
    """Write an instant as the create call's answer does: "Sun Mar 01 21:05:00 +0000 2026"."""
    return f"{moment:%a %b %d %H:%M:%S +0000 %Y}"
