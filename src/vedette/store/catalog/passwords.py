"""Passwords: argon2id hashes with the parameters of RFC 9106's low-memory recommendation."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from vedette.core.errors import InvalidInputError
from vedette.core.ids import new_secret

MIN_LENGTH = 12
MAX_LENGTH = 1024

_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password; takes tens of milliseconds and 64 MiB."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidInputError(
            f"the password has {len(password)} characters",
            field="password",
            remedy=f"choose one of {MIN_LENGTH} to {MAX_LENGTH} characters",
        )
    return renew_hash(password)


def renew_hash(password: str) -> str:
    """Return a hash with today's parameters of a password that was just verified."""
    return _hasher.hash(_encode(password))


def verify_password(password_hash: str | None, password: str) -> bool:
    """Tell whether the password is right; takes as long where there is no hash to compare."""
    if len(password) > MAX_LENGTH:
        return False
    try:
        matches = _hasher.verify(password_hash or _decoy(), _encode(password))
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Tell whether a hash was made with other parameters than new ones are."""
    return _hasher.check_needs_rehash(password_hash)


def _encode(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


@lru_cache(maxsize=1)
def _decoy() -> str:
    return _hasher.hash(new_secret())
