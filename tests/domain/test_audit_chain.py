"""The chain of the audit: whatever is changed, taken out, put in or moved is found at its place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actors.domain.audit_chain import Chain, Link, hash_of, verify

BODIES = ["pause posting", "resume posting", "kill-switch on"]


def chain_of(bodies: list[str]) -> list[Link]:
    links: list[Link] = []
    for seq, body in enumerate(bodies, start=1):
        links.append(Link(seq, body, hash_of(links[-1].hash if links else "", body)))
    return links


LINKS = chain_of(BODIES)


def test_a_chain_as_it_was_written_holds_to_its_end() -> None:
    assert verify(LINKS) == Chain(3, LINKS[-1].hash)
    assert verify([]) == Chain()


def test_a_chain_can_be_read_in_pages() -> None:
    assert verify(LINKS[2:], verify(LINKS[:2])) == verify(LINKS)


@pytest.mark.parametrize(
    ("links", "rows", "fault"),
    [
        ([LINKS[0], replace(LINKS[1], body="resume all"), LINKS[2]], 1, "row 2 is not as it was written"),
        ([LINKS[0], LINKS[2]], 1, "row 2 is missing: row 3 follows"),
        (LINKS[1:], 0, "row 1 is missing: row 2 follows"),
        ([LINKS[0], replace(LINKS[2], seq=2)], 1, "row 2 is not as it was written"),
        ([LINKS[0], *chain_of(["x", "forged"])[1:], LINKS[2]], 1, "row 2 is not as it was written"),
    ],
)
def test_whatever_is_changed_is_found_where_it_was_changed(links: list[Link], rows: int, fault: str) -> None:
    found = verify(links)

    assert (found.rows, found.fault) == (rows, fault)
