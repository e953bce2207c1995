"""Identifiers: sortable ids for entities, secrets for keys."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case
_TIME_CHARS = 10
_RANDOM_CHARS = 16
# Two characters at once: 10 bits each, the first ones first.
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_PAIR_MASK = len(_PAIRS) - 1
_SHIFTS = range(5 * (_TIME_CHARS + _RANDOM_CHARS) - 10, -1, -10)


def new_id() -> str:
    """Return a ULID in lower case: 26 characters that sort by creation time (ms)."""
    moment = time.time_ns() // 1_000_000
    number = (moment << 80) | secrets.randbits(80)
    return "".join([_PAIRS[number >> shift & _PAIR_MASK] for shift in _SHIFTS])


def new_secret(length: int = 32) -> str:
    """Return ``length`` random bytes as URL-safe text."""
    return secrets.token_urlsafe(length)


def new_request_id() -> int:
    """Return a number that is unique in the store: milliseconds, then 22 random bits."""
    return (time.time_ns() // 1_000_000) << 22 | secrets.randbits(22)
