"""A limit on attempts to sign in: against guessing, and against the cost of hashing passwords."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vedette.core.errors import OverloadedError

BURST = 20
"""Failures of one address in a row before it must wait."""
REFILL_SECONDS = 10.0
"""Time after which an address may fail once more."""
MAX_ADDRESSES = 10_000
MAX_AT_ONCE = 4
"""Attempts checked at the same time: each may take 64 MiB for a while."""
_IPV6_PREFIX = 64


class SignInAttempts:
    """A token bucket for each client address; successes cost nothing. Thread-safe.

    An IPv6 address counts with its /64, which is what one customer gets. The oldest of more than
    10,000 addresses is forgotten.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(MAX_AT_ONCE)
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    @contextmanager
    def attempt(self, address: str | None) -> Iterator[None]:
        """Hold the place of one attempt; leaving by an error counts it as failed.

        Raises:
            OverloadedError: too many failed from this address, or too many try right now.

        """
        source = _source(address)
        self._take(source)
        if not self._slots.acquire(blocking=False):
            self._give_back(source)
            raise OverloadedError("too many sign in at this moment", retry_after=1)
        try:
            yield
            self._give_back(source)
        finally:
            self._slots.release()

    def _take(self, source: str) -> None:
        with self._lock:
            now = self._monotonic()
            spent = self._refilled(source, now) + 1.0
            if spent > BURST:
                wait = math.ceil((spent - BURST) * REFILL_SECONDS)
                raise OverloadedError(
                    "too many failed attempts to sign in from this address",
                    retry_after=wait,
                    remedy=f"wait {wait} seconds",
                )
            self._put(source, spent, now)

    def _give_back(self, source: str) -> None:
        with self._lock:
            now = self._monotonic()
            self._put(source, max(self._refilled(source, now) - 1.0, 0.0), now)

    def _refilled(self, source: str, now: float) -> float:
        spent, at = self._spent.get(source, (0.0, now))
        return max(spent - (now - at) / REFILL_SECONDS, 0.0)

    def _put(self, source: str, spent: float, now: float) -> None:
        self._spent.pop(source, None)
        if spent > 0:
            while len(self._spent) >= MAX_ADDRESSES:
                self._spent.popitem(last=False)
            self._spent[source] = (spent, now)


def _source(address: str | None) -> str:
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address or "unknown"
    if parsed.version == 4:  # noqa: PLR2004 - the protocol's version
        return str(parsed)
    return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
