"""One encoded batch, what may become of it, and the counters over all of them."""

from __future__ import annotations

import random
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_RETRY_AFTER_S = 300.0
_MAX_DOUBLINGS = 16

SENT, SPOOLED, REFUSED, EVICTED = "sent", "spooled", "refused", "evicted"
"""How a batch is settled: the server has it; the disk has it; the server will never take it; it
was dropped unsent."""


def new_batch_id() -> str:
    """Return 16 hex digits of a random number from 1 to 2**64 - 1."""
    return f"{1 + secrets.randbelow(2**64 - 1):016x}"


@dataclass(frozen=True, slots=True)
class Batch:
    """One encoded export request."""

    signal: str
    body: bytes = field(repr=False)
    coding: str
    items: int
    batch_id: str = field(default_factory=new_batch_id)
    attempts: int = 0
    """Times it was sent; the request says one more."""
    created_ns: int = field(default_factory=time.time_ns)
    on_settled: Callable[[str], None] | None = field(default=None, repr=False, compare=False)
    """Called once, on one of the SDK's threads, with SENT, SPOOLED, REFUSED or EVICTED."""

    def settle(self, outcome: str) -> None:
        """Tell whoever made the batch what became of it."""
        if self.on_settled is not None:
            self.on_settled(outcome)


@dataclass(slots=True)
class Stats:
    """Counters since ``init``; a batch is one request, an item one span, record or metric."""

    sent: int = 0
    sent_items: int = 0
    retried: int = 0
    """Requests that were not the first of their batch."""
    spooled: int = 0
    """Batches written to disk."""
    dropped: int = 0
    """Batches lost: refused by the server, or beyond the bounds of queue and spool."""
    dropped_items: int = 0
    """Items in those, and items that found a full queue or could not be encoded."""
    rejected_items: int = 0
    """Items that the server left out of a batch it took (OTLP partial success)."""
    queued: int = 0
    """Batches in memory now."""
    spool_files: int = 0
    """Batches on disk now, of every process that shares the folder."""
    spool_bytes: int = 0
    server_away: bool = False


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits between tries: doubling from ``initial`` to ``maximum`` seconds, with jitter."""

    initial: float = 0.5
    maximum: float = 30.0

    def wait(self, failures: int, retry_after: float | None) -> float:
        """Return seconds to wait after this many failures in a row.

        Jitter is half to whole of the wait, so that a fleet does not come back in one moment;
        a Retry-After is a least wait, and is believed up to five minutes.
        """
        wait = min(self.maximum, self.initial * 2.0 ** min(failures - 1, _MAX_DOUBLINGS))
        wait *= random.uniform(0.5, 1.0)  # noqa: S311 - no secret hangs on it
        return max(wait, min(retry_after or 0.0, _MAX_RETRY_AFTER_S))
