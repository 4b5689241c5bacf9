"""Network addresses: who really asked when proxies stand between, and what counts as one address."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LONGEST = 50  # proxies in a row; nobody has so many, and nobody is to make us read more


@lru_cache
def networks(text: str) -> tuple[Network, ...]:
    """The networks of a comma-separated list. Raises ValueError for what is none."""
    return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def client(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """Who asked: the peer, or whom the nearest proxies that we trust saw (X-Forwarded-For, read from the right).

    Each proxy adds whom it saw at the end. What stands further left was sent by the client, and may be anything (R57).
    """
    known = peer
    for said in reversed([part.strip() for line in forwarded for part in line.split(",")][-LONGEST:]):
        if not _is_among(known, trusted):
            break
        address = _address(said)
        if address is None:
            break
        known = str(address)
    return known


def subject(address: str) -> str:
    """What is counted as one address: of IPv6 the network of one household, which has 2^64 of them."""
    found = _address(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found) if found else "unknown"


def _is_among(address: str, networks: Sequence[Network]) -> bool:
    found = _address(address)
    return found is not None and any(found in network for network in networks)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
