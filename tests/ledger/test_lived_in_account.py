"""The first start on an account that somebody has used by hand: what stands there counts and is not said again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from actors.domain.outcome import Blocked, Done, Snooze
from tests.ledger.site_bench import AUTHOR, WORDS

if TYPE_CHECKING:
    from tests.ledger.site_bench import SiteBench

OURS = "commons_daily"
SUBJECTS = (
    "harbour lights", "rye bread", "cold mornings", "old maps", "quiet trains", "beetroot soup", "long letters",
    "paper kites", "winter boots", "choir practice", "night buses", "garden sheds", "wild plums", "stone walls",
    "tin roofs", "slow clocks", "ferry queues", "chess clubs", "barn owls", "salt marshes", "brass bands",
    "thick fog", "spare keys", "lost gloves", "market stalls", "rope swings", "candle ends", "river stones",
    "apple crates", "wool blankets",
)  # fmt: skip


@pytest.fixture
def unread(bench: SiteBench) -> SiteBench:
    """Return a bench whose process has not read its timeline yet, as at any start."""
    bench.restart()
    return bench


def by_hand(bench: SiteBench, count: int) -> list[str]:
    """Write so many posts by hand, the last one a while ago."""
    ids = [bench.site.write(OURS, f"Some thoughts about {subject}.") for subject in SUBJECTS[:count]]
    bench.forward(minutes=5)
    return ids


@pytest.mark.parametrize("age", [timedelta(hours=2), timedelta(days=3)], ids=["young account", "old account"])
def test_b11_what_was_written_by_hand_before_the_first_run_is_adopted_and_not_said_again(
    unread: SiteBench, age: timedelta
) -> None:
    bench = unread
    bench.site.write(OURS, "Hello, here we are.")
    bench.forward(seconds=age.total_seconds())
    answered = bench.site.write(AUTHOR, "What do you keep in the cellar?")
    said = bench.site.write(OURS, WORDS["single"][0])
    replied = bench.site.write(OURS, "Beans, and apples on straw.", answered)
    bench.forward(minutes=5)
    near, other = bench.put("single", (WORDS["single"][0].replace("A short", "One short"),)), bench.put("thread")

    outcome = bench.post()

    assert isinstance(outcome, Done)
    assert outcome.counts["adopted"] >= 2
    adopted = {row["tweet_id"]: row["lane"] for row in bench.rows("SELECT tweet_id, lane FROM own_posts")}
    assert (adopted[said], adopted[replied]) == ("content", "reply")
    row = bench.decision(near)
    assert (row["status"], row["reason"]) == ("skipped", f"duplicate: of {said}")
    assert bench.decision(other)["status"] == "posted"
    assert len(bench.site.truth()) == len(WORDS["thread"])


def test_c1_what_was_written_by_hand_counts_in_the_caps(unread: SiteBench) -> None:
    bench = unread
    bench.configure(content_per_hour=4)
    by_hand(bench, 4)
    decision = bench.put("single")
    assert isinstance(bench.post(), Snooze)
    assert len(bench.rows("SELECT 1 FROM own_posts")) == 4
    assert bench.site.truth() == []
    bench.forward(hours=1)
    bench.post()
    assert bench.decision(decision)["status"] == "posted"


def test_c1_thirty_posts_by_hand_in_a_day_stop_all_content(unread: SiteBench) -> None:
    bench = unread
    bench.configure(content_per_day=30, content_stale=timedelta(days=2))
    by_hand(bench, 30)
    decision, answer = bench.put("single"), bench.put("reply")
    for _ in range(3):
        bench.post()
        bench.forward(hours=7)
    assert bench.decision(decision)["status"] == "queued"
    assert bench.decision(answer)["status"] == "posted", "the lanes are apart"
    bench.forward(hours=3)
    bench.post()
    assert bench.decision(decision)["status"] == "posted", "a day later nothing is in the way any more"


def test_b11_nothing_goes_out_before_the_timeline_was_read(unread: SiteBench) -> None:
    bench = unread
    by_hand(bench, 1)
    decision = bench.put("single")
    bench.site.arm("half_page", 1)
    assert isinstance(bench.post(), Blocked)
    assert bench.site.truth() == []
    assert bench.settle(decision)["status"] == "posted"


def test_b7_a_process_that_takes_over_from_one_that_posted_goes_on_at_once(bench: SiteBench) -> None:
    first = bench.put("single")
    bench.post()
    bench.forward(minutes=5)
    bench.restart()
    second = bench.put("thread")
    bench.post()
    assert {bench.decision(each)["status"] for each in (first, second)} == {"posted"}
    bench.agree()
