"""Draws that are named by a key."""

from __future__ import annotations

from actors.domain.randomness import keyed


def test_the_same_key_draws_the_same_whatever_was_drawn_before() -> None:
    alone = keyed("post", 7, 3).random(5).tolist()

    keyed("post", 7, 2).random(1000)

    assert keyed("post", 7, 3).random(5).tolist() == alone


def test_keys_that_only_look_alike_draw_differently() -> None:
    alike: list[tuple[bytes | str | int, ...]] = [
        ("ab", "c"),
        ("a", "bc"),
        ("abc",),
        (b"abc",),
        ("1",),
        (1,),
        ("1", ""),
    ]

    assert len({keyed(*parts).random() for parts in alike}) == len(alike)
