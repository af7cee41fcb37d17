"""The platform's state alone, on a hand-set clock."""

from __future__ import annotations

import pytest

from actors.domain.platform_state import Platform, PlatformRules, PlatformState, Sign, Standing, Ticket

RULES = PlatformRules(cooldown_min=10.0, cooldown_max=50.0, challenge_stop=1000.0, probe_limit=120.0)
CLOSED = [(Sign.RATE_LIMITED, PlatformState.COOLING, 10.0), (Sign.CHALLENGED, PlatformState.CHALLENGE, 1000.0)]
closed = pytest.mark.parametrize(("sign", "state", "length"), CLOSED)


def let_in(platform: Platform, now: float = 0.0, *, needs_login: bool = True) -> Ticket:
    """Return the ticket of an errand that must be let through."""
    answer = platform.admit(now, needs_login=needs_login)
    assert isinstance(answer, Ticket), answer
    return answer


def refused(platform: Platform, now: float = 0.0, *, needs_login: bool = True) -> Standing:
    """Return why an errand is refused that must be."""
    answer = platform.admit(now, needs_login=needs_login)
    assert isinstance(answer, Standing), answer
    return answer


def after(*signs: Sign, now: float = 0.0, needs_login: bool = True) -> Platform:
    """Return a platform that heard one errand after the other end so, all of them at `now`."""
    platform = Platform(RULES)
    for sign in signs:
        platform.settle(let_in(platform, now, needs_login=needs_login), sign, "why", now)
    return platform


def test_nothing_is_refused_while_all_is_well() -> None:
    platform = after(Sign.ANSWERED, Sign.NOTHING, Sign.NOTHING, Sign.ANSWERED)

    tickets = [let_in(platform, needs_login=bool(i % 2)) for i in range(20)]

    assert not any(ticket.is_probe for ticket in tickets)
    assert platform.standing == Standing(PlatformState.VALID)


@closed
def test_e4_a_wall_before_every_page_closes_the_site_to_everybody_until_its_time(
    sign: Sign, state: PlatformState, length: float
) -> None:
    platform = Platform(RULES)

    news = platform.settle(let_in(platform, needs_login=False), sign, "why", 5.0)

    assert news == platform.standing == Standing(state, "why", 5.0 + length)
    for needs_login in (True, False):
        assert refused(platform, 4.9 + length, needs_login=needs_login) == news


@closed
def test_e4_after_its_time_one_probe_goes_and_opens_the_site_to_all(
    sign: Sign, state: PlatformState, length: float
) -> None:
    platform = after(sign)
    probe = let_in(platform, length, needs_login=False)
    assert probe.is_probe
    assert [refused(platform, length + late).state for late in (0.0, 60.0)] == [state] * 2

    assert platform.settle(probe, Sign.ANSWERED, "", length + 1) == Standing(PlatformState.VALID)

    assert [let_in(platform, length + 1).is_probe for _ in range(3)] == [False] * 3


@closed
def test_e4_a_probe_that_tells_nothing_is_followed_by_another(sign: Sign, state: PlatformState, length: float) -> None:
    platform = after(sign)

    assert platform.settle(let_in(platform, length), Sign.NOTHING, "", length) is None

    assert let_in(platform, length).is_probe
    assert refused(platform, length).state is state


def test_e4_each_failed_probe_doubles_the_cool_down_up_to_the_longest_and_a_success_resets_it() -> None:
    platform, now, waits = after(Sign.RATE_LIMITED), 0.0, []
    for _ in range(4):
        assert platform.standing.until is not None
        waits.append(platform.standing.until - now)
        now = platform.standing.until
        platform.settle(let_in(platform, now), Sign.RATE_LIMITED, "again", now)
    assert platform.standing.until is not None
    assert [*waits, platform.standing.until - now] == [10.0, 20.0, 40.0, 50.0, 50.0]

    now = platform.standing.until
    platform.settle(let_in(platform, now), Sign.ANSWERED, "", now)
    platform.settle(let_in(platform, now), Sign.RATE_LIMITED, "anew", now)

    assert platform.standing == Standing(PlatformState.COOLING, "anew", now + 10.0)


@closed
def test_e4_slots_that_meet_one_wall_together_count_once(sign: Sign, state: PlatformState, length: float) -> None:
    platform = Platform(RULES)
    together = [let_in(platform) for _ in range(3)]

    news = [platform.settle(ticket, sign, "why", float(now)) for now, ticket in enumerate(together)]

    assert news == [Standing(state, "why", length), None, None]


def test_e4_late_news_of_a_429_does_not_lengthen_the_next_cool_down() -> None:
    platform = Platform(RULES)
    for ticket in [let_in(platform) for _ in range(3)]:
        platform.settle(ticket, Sign.RATE_LIMITED, "why", 0.0)

    platform.settle(let_in(platform, 10.0), Sign.RATE_LIMITED, "why", 10.0)
    assert platform.standing.until == 30.0


def test_e4_a_challenge_that_still_stands_stops_everything_as_long_again() -> None:
    platform = after(Sign.CHALLENGED)

    news = platform.settle(let_in(platform, 1000.0), Sign.CHALLENGED, "still", 1000.0)

    assert news == Standing(PlatformState.CHALLENGE, "still", 2000.0)


@pytest.mark.parametrize(
    ("first", "late"), [(Sign.RATE_LIMITED, Sign.CHALLENGED), (Sign.CHALLENGED, Sign.RATE_LIMITED)]
)
def test_e4_a_challenge_outweighs_a_429_in_whatever_order_they_come(first: Sign, late: Sign) -> None:
    platform = Platform(RULES)
    early, other = let_in(platform), let_in(platform)
    platform.settle(early, first, "why", 0.0)

    platform.settle(other, late, "why", 0.0)

    assert platform.standing == Standing(PlatformState.CHALLENGE, "why", 1000.0)


@closed
def test_an_errand_let_in_before_the_wall_does_not_open_the_site(
    sign: Sign, state: PlatformState, length: float
) -> None:
    platform = Platform(RULES)
    early, other = let_in(platform), let_in(platform)
    platform.settle(early, sign, "why", 0.0)

    assert platform.settle(other, Sign.ANSWERED, "", length + 1) is None

    assert platform.standing.state is state


@closed
def test_an_errand_let_in_before_the_site_opened_again_may_still_close_it(
    sign: Sign, state: PlatformState, length: float
) -> None:
    platform = Platform(RULES)
    early = let_in(platform)
    platform.settle(let_in(platform), Sign.RATE_LIMITED, "why", 0.0)
    platform.settle(let_in(platform, 10.0), Sign.ANSWERED, "", 10.0)

    assert platform.settle(early, sign, "late", 11.0) == Standing(state, "late", 11.0 + length)


def test_e1_one_login_wall_is_a_suspicion_and_a_second_one_in_a_row_is_certain() -> None:
    platform = after(Sign.LOGGED_OUT)
    assert platform.standing == Standing(PlatformState.SUSPECT, "why")

    news = platform.settle(let_in(platform), Sign.LOGGED_OUT, "again", 3.0)

    assert news == Standing(PlatformState.INVALID, "again", 13.0)
    assert refused(platform, 12.9) == news


def test_e1_a_success_in_between_clears_the_suspicion() -> None:
    platform = after(Sign.LOGGED_OUT, Sign.ANSWERED, Sign.LOGGED_OUT)

    assert platform.standing.state is PlatformState.SUSPECT


def test_e1_login_walls_met_together_are_one_suspicion() -> None:
    platform = Platform(RULES)
    together = [let_in(platform) for _ in range(3)]
    for ticket in together:
        platform.settle(ticket, Sign.LOGGED_OUT, "why", 0.0)

    assert platform.standing.state is PlatformState.SUSPECT


@pytest.mark.parametrize("before", [[], [Sign.LOGGED_OUT]])
def test_e1_somebody_elses_session_is_certain_at_once(before: list[Sign]) -> None:
    platform = Platform(RULES)
    early = let_in(platform)
    for sign in before:
        platform.settle(let_in(platform), sign, "why", 0.0)

    platform.settle(early, Sign.FOREIGN, "them", 0.0)

    assert platform.standing == Standing(PlatformState.INVALID, "them", 10.0)


def test_e1_a_lost_login_is_probed_ever_more_rarely_until_it_is_proven() -> None:
    platform, now = after(Sign.LOGGED_OUT, Sign.LOGGED_OUT), 0.0
    for expected in (10.0, 20.0, 40.0, 50.0, 50.0):
        assert platform.standing.until == now + expected
        now += expected
        probe = let_in(platform, now)
        assert probe.is_probe
        assert refused(platform, now).state is PlatformState.INVALID
        platform.settle(probe, Sign.LOGGED_OUT, "still", now)

    platform.settle(let_in(platform, now + 50.0), Sign.ANSWERED, "", now + 50.0)

    assert platform.standing == Standing(PlatformState.VALID)
    for _ in range(2):
        platform.settle(let_in(platform, 0.0), Sign.LOGGED_OUT, "anew", 0.0)
    assert platform.standing.until == 10.0


def test_e6_a_lost_login_refuses_only_what_needs_it() -> None:
    platform = after(Sign.LOGGED_OUT, Sign.LOGGED_OUT)

    public = [let_in(platform, needs_login=False) for _ in range(3)]
    for ticket in public:
        platform.settle(ticket, Sign.ANSWERED, "", 1.0)

    assert not any(ticket.is_probe for ticket in public)
    assert refused(platform, 1.0).state is PlatformState.INVALID


def test_e6_a_probe_of_the_login_holds_up_no_public_page() -> None:
    platform = after(Sign.LOGGED_OUT, Sign.LOGGED_OUT)
    assert let_in(platform, 10.0).is_probe

    assert not let_in(platform, 10.0, needs_login=False).is_probe


def test_a_cool_down_does_not_make_the_lost_login_forgotten() -> None:
    platform = after(Sign.LOGGED_OUT, Sign.LOGGED_OUT)
    platform.settle(let_in(platform, needs_login=False), Sign.RATE_LIMITED, "429", 1.0)
    assert platform.standing.state is PlatformState.COOLING

    platform.settle(let_in(platform, 11.0, needs_login=False), Sign.ANSWERED, "", 11.0)

    assert platform.standing == Standing(PlatformState.INVALID, "why", 10.0)


def test_a_login_wall_met_by_the_probe_opens_the_site_and_is_a_suspicion() -> None:
    platform = after(Sign.RATE_LIMITED)

    news = platform.settle(let_in(platform, 10.0), Sign.LOGGED_OUT, "wall", 10.0)

    assert news == Standing(PlatformState.SUSPECT, "wall")


def test_a_login_proven_before_it_was_lost_is_no_proof() -> None:
    platform = Platform(RULES)
    early = let_in(platform)
    for _ in range(2):
        platform.settle(let_in(platform), Sign.LOGGED_OUT, "why", 0.0)

    assert platform.settle(early, Sign.ANSWERED, "", 1.0) is None

    assert platform.standing.state is PlatformState.INVALID


@closed
def test_a_probe_that_never_comes_back_is_given_up(sign: Sign, state: PlatformState, length: float) -> None:
    platform = after(sign)
    lost = let_in(platform, length)
    assert refused(platform, length + 119.9).state is state

    second = let_in(platform, length + 120.0)

    assert second.is_probe
    platform.settle(lost, Sign.NOTHING, "", length + 121.0)
    assert refused(platform, length + 121.0).state is state, "the lost one must not free the place of the second"


@pytest.mark.parametrize(
    "signs", [[], [Sign.LOGGED_OUT], [Sign.LOGGED_OUT] * 2, [Sign.RATE_LIMITED], [Sign.CHALLENGED]]
)
def test_a5_what_says_nothing_of_the_platform_changes_nothing(signs: list[Sign]) -> None:
    platform = Platform(RULES)
    early = let_in(platform)
    for sign in signs:
        platform.settle(let_in(platform), sign, "why", 0.0)
    before = platform.standing

    assert platform.settle(early, Sign.NOTHING, "a deleted tweet", 5.0) is None

    assert platform.standing == before


def test_e4_p0_does_not_wait_for_the_end_of_somebody_elses_probe() -> None:
    platform = after(Sign.RATE_LIMITED)
    later = platform.standing.until or 0.0
    probe = let_in(platform, later)
    refused(platform, later + 1)
    urgent = platform.admit(later + 1, needs_login=True, is_urgent=True)
    assert isinstance(urgent, Ticket)
    assert isinstance(platform.admit(later - 1, needs_login=True, is_urgent=True), Standing)
    platform.settle(urgent, Sign.ANSWERED, "", later + 2)
    assert platform.standing.state is PlatformState.VALID
    platform.settle(probe, Sign.NOTHING, "", later + 3)
    let_in(platform, later + 3)


def test_a_probe_that_is_lost_with_the_event_loop_makes_room_for_another_at_once() -> None:
    platform = after(Sign.RATE_LIMITED)
    later = platform.standing.until or 0.0
    let_in(platform, later)
    refused(platform, later + 1)
    platform.lose_probe()
    let_in(platform, later + 1)
