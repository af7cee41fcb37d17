"""Where the browser may go: the platform's host and port, and nothing that can be read as anything else."""

from __future__ import annotations

import pytest

from actors.domain.egress import inward, name_of, resolver_rules, verdict

SITE = "http://127.0.0.1:8080"
LIVE = "https://platform.example"


@pytest.mark.parametrize(
    "url", [f"{SITE}/home", f"{SITE}/search?q=%40a", "https://platform.example:443/a", f"{LIVE}/i/flow/login#x"]
)
def test_e6_the_sites_that_are_named_may_be_opened(url: str) -> None:
    assert verdict(url, [SITE, LIVE]) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:8081/", "hosts"),
        ("http://127.0.0.1/", "hosts"),
        ("http://localhost:8080/", "hosts"),
        ("http://[::1]:8080/", "hosts"),
        ("http://2130706433:8080/", "hosts"),
        ("http://0x7f.1:8080/", "hosts"),
        ("http://169.254.169.254/latest/meta-data", "hosts"),
        ("http://redis.railway.internal:6379/", "hosts"),
        ("http://platform.example/", "hosts"),
        ("https://platform.example.evil.example/", "hosts"),
        ("https://platform.example:8443/", "hosts"),
        ("file:///proc/self/environ", "scheme file"),
        ("ftp://127.0.0.1:8080/", "scheme ftp"),
        ("chrome://version", "scheme chrome"),
        ("view-source:http://127.0.0.1:8080/", "scheme view-source"),
        ("data:text/html,hi", "scheme data"),
        ("javascript:alert(1)", "scheme javascript"),
        ("about:blank", "scheme about"),
        ("/home", "scheme that is missing"),
        (f"{SITE}@evil.example/", "user"),
        ("http://evil.example\\@127.0.0.1:8080/", "sign"),
        ("http://127.0.0.1:8080\t.evil.example/", "sign"),
        ("http://127.0.0.1:99999/", "read"),
        ("http://[::1/", "read"),
    ],
)
def test_e6_whatever_else_is_refused_with_a_reason(url: str, why: str) -> None:
    reason = verdict(url, [SITE, LIVE])

    assert reason is not None
    assert why in reason


def test_e6_the_rules_of_the_resolver_name_each_site_before_they_refuse_the_rest() -> None:
    assert resolver_rules([SITE, LIVE, SITE, "http://[::1]:99"]) == (
        "MAP 127.0.0.1:8080 127.0.0.1:8080,MAP platform.example:443 platform.example:443,MAP [::1]:99 [::1]:99,"
        "MAP * ~NOTFOUND"
    )


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "::1", "fd12::1", "fe80::1%eth0", "::ffff:10.0.0.1", "2002:7f00:1::"],
)  # fmt: skip
def test_e6_an_address_of_our_own_network_is_told_from_a_public_one(address: str) -> None:
    assert inward(["8.8.8.8", address]) == address
    assert inward(["8.8.8.8", "2606:4700::1111"]) is None


def test_e6_only_a_site_that_says_itself_to_be_on_this_machine_needs_no_look_at_its_addresses() -> None:
    here = ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "http://site.localhost.:1"]
    elsewhere = ["https://platform.example", "http://10.0.0.1", "http://localhost.evil.example"]

    assert [name_of(site) for site in here] == [None] * 4
    assert [name_of(site) for site in elsewhere] == ["platform.example", "10.0.0.1", "localhost.evil.example"]
