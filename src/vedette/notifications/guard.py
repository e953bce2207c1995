"""Where notifications may connect to: not into the network that the server stands in.

Who may make a channel could otherwise have the server call what only it can reach: cloud metadata,
databases, its own ports (server-side request forgery). An address is allowed where it is a public
one, or where the setting ``notification_allowed_hosts`` names it.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from vedette.core.errors import ForbiddenError, InvalidInputError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str], list[str]]
MAX_URL = 2048
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def resolve(host: str) -> list[str]:
    """Return the addresses of a host."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Target:
    """A host that may be connected to, with the address that was checked."""

    host: str
    address: str


class Guard:
    """Checks hosts.

    Args:
        allowed: names, ``*.suffix``, addresses and networks that are allowed although they are not
            public, separated by commas; ``*`` allows everything.
        resolver: looks a name up.

    """

    def __init__(self, allowed: str = "", resolver: Resolver = resolve) -> None:
        self._resolver = resolver
        self._names: set[str] = set()
        self._suffixes: list[str] = []
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        self._everything = False
        for part in filter(None, (part.strip().lower() for part in allowed.split(","))):
            self._allow(part)

    @property
    def allows_private(self) -> bool:
        """Whether anything is allowed that is not public."""
        return self._everything or bool(self._names or self._suffixes or self._networks)

    def check(self, host: str) -> Target:
        """Return an address of a host, all of whose addresses are allowed.

        Raises:
            ForbiddenError: one of them is not.
            InvalidInputError: there is none.

        """
        name = host.strip("[]").rstrip(".").lower()
        if not name:
            raise InvalidInputError("the address names no host", field="url", remedy="give one")
        try:
            addresses = self._resolver(name)
        except (OSError, UnicodeError) as error:
            raise InvalidInputError(
                f"{name[:255]} has no address", field="url", remedy="check the name"
            ) from error
        named = self._is_named(name)
        for text in addresses:
            if not named and not self._is_allowed(text):
                raise ForbiddenError(
                    f"{name[:255]} is not a public address",
                    field="url",
                    remedy="an operator can allow it with VEDETTE_NOTIFICATION_ALLOWED_HOSTS",
                )
        if not addresses:
            raise InvalidInputError(
                f"{name[:255]} has no address", field="url", remedy="check the name"
            )
        return Target(name, addresses[0])

    def _allow(self, part: str) -> None:
        if part == "*":
            self._everything = True
        elif part.startswith("*."):
            self._suffixes.append(part[1:])
        else:
            try:
                self._networks.append(ipaddress.ip_network(part, strict=False))
            except ValueError:
                self._names.add(part)

    def _is_named(self, name: str) -> bool:
        return self._everything or name in self._names or name.endswith(tuple(self._suffixes))

    def _is_allowed(self, text: str) -> bool:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
        if any(address in network for network in self._networks):
            return True
        if isinstance(address, ipaddress.IPv6Address):
            inner = address.ipv4_mapped or address.sixtofour
            if address in _NAT64:
                inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
            if inner is not None:
                return self._is_allowed(str(inner))
        return address.is_global and not address.is_multicast


def check_url(url: str, *, schemes: Sequence[str] = ("https", "http")) -> str:
    """Return a URL if a channel can have it; its host is checked when it is used.

    Raises:
        InvalidInputError: it is none, or holds credentials.

    """
    try:
        parts = urlsplit(url)
        bad = parts.scheme not in schemes or not parts.hostname or (parts.port or 1) > 65535  # noqa: PLR2004 - ports
    except ValueError:
        bad = True
    if bad or len(url) > MAX_URL or any(char <= " " for char in url):
        raise InvalidInputError(
            "the URL is not one that can be called", field="url", remedy="write https://host/path"
        )
    if parts.username or parts.password:
        raise InvalidInputError(
            "the URL holds a password", field="url", remedy="put credentials into the secret"
        )
    return url
