"""Where a request came from: the client's address, also behind proxies that are trusted."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache

from starlette.requests import HTTPConnection

from vedette.core.errors import InvalidInputError
from vedette.web.services import services_of

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_MOST_HOPS = 20


@lru_cache(maxsize=16)
def parse_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a setting: addresses and networks, separated by commas."""
    try:
        return tuple(
            ipaddress.ip_network(part.strip(), strict=False)
            for part in text.split(",")
            if part.strip()
        )
    except ValueError as error:
        raise InvalidInputError(
            f"trusted_proxies cannot be read: {error}",
            field="trusted_proxies",
            remedy="give addresses and networks, such as '10.0.0.0/8,::1', separated by commas",
        ) from error


def client_ip(peer: str | None, headers: Mapping[str, str], trusted: str) -> str | None:
    """Return the address of the client.

    Where the peer is a trusted proxy this is the last address of ``X-Forwarded-For`` that is not one
    itself: what stands before it anyone could have sent.
    """
    networks = parse_networks(trusted) if trusted else ()
    if not networks or not _is_in(peer, networks):
        return peer
    hops = [part.strip() for part in headers.get("x-forwarded-for", "").split(",") if part.strip()]
    client = peer
    for hop in reversed(hops[-_MOST_HOPS:]):
        address = _address(hop)
        if address is None:
            break
        client = address
        if not _is_in(address, networks):
            break
    return client


def origin_of(connection: HTTPConnection) -> dict[str, str | None]:
    """Return where a request came from, as audit records and sessions tell it."""
    peer = connection.client.host if connection.client else None
    headers = connection.headers
    return {
        "ip": client_ip(peer, headers, services_of(connection).settings.trusted_proxies),
        "user_agent": headers.get("user-agent"),
        "request_id": headers.get("x-request-id"),
    }


def _address(text: str) -> str | None:
    """Return the address in a hop, which may carry a port."""
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return None


def _is_in(text: str | None, networks: tuple[Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return False
    return any(address in network for network in networks)
