"""Who asked, when proxies stand between; what counts as one address."""

from __future__ import annotations

import pytest

from core.rules import networks

PROXIES = networks.networks("10.0.0.0/8, fd00::/8")


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("203.0.113.5", ["198.51.100.1"], "203.0.113.5"),  # no proxy of ours: what it says is worth nothing
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),  # the left one was sent by the client
        ("10.0.0.1", ["6.6.6.6", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [", ".join(["10.0.0.3"] * 5_000)], "10.0.0.3"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_r57_only_our_proxies_say_who_asked(peer: str, forwarded: list[str], seen: str) -> None:
    assert networks.client(peer, forwarded, PROXIES) == seen
    assert networks.client(peer, forwarded, ()) == peer


def test_r10_a_household_of_ipv6_is_one_address() -> None:
    assert networks.subject("2001:db8:1:2::7") == networks.subject("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert networks.subject("192.0.2.7") == networks.subject("::ffff:192.0.2.7") == "192.0.2.7"
    assert networks.subject("testclient") == networks.subject("") == "unknown"
