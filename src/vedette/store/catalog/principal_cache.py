"""The cache that makes authentication cheap enough for every ingest request.

Entries live for at most five seconds, so a revocation by another process takes effect within that;
one by this process empties the cache at once. Refusals are remembered too, apart from the rest, so
that a misconfigured sender costs no database reads and cannot push out those who are known.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

LIFETIME_S = 5.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    value: T
    until: float


class TimedCache(Generic[T]):
    """A bounded map whose entries expire; the oldest entry leaves first. Thread-safe."""

    def __init__(self, size: int, monotonic: Callable[[], float]) -> None:
        self._size = size
        self._monotonic = monotonic
        self._entries: dict[Hashable, _Entry[T]] = {}
        self._generation = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def generation(self) -> int:
        """How often the cache was emptied; read it before loading what `put` stores."""
        return self._generation

    def get(self, key: Hashable) -> T | None:
        """Return the value if there is one that has not expired."""
        entry = self._entries.get(key)
        if entry is None or entry.until <= self._monotonic():
            return None
        return entry.value

    def put(self, key: Hashable, value: T, *, generation: int, lifetime: float) -> None:
        """Store a value, unless the cache was emptied since it was loaded."""
        with self._lock:
            if generation != self._generation or lifetime <= 0:
                return
            self._entries.pop(key, None)
            while len(self._entries) >= self._size:
                del self._entries[next(iter(self._entries))]
            until = self._monotonic() + min(lifetime, LIFETIME_S)
            self._entries[key] = _Entry(value, until)

    def clear(self) -> None:
        """Forget everything, also what is being loaded now."""
        with self._lock:
            self._generation += 1
            self._entries.clear()
