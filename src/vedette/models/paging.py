"""Pages of searches: opaque tokens that hold where the next page begins and what was searched."""

from __future__ import annotations

import base64
import binascii
import hashlib

import orjson

from vedette.core.errors import InvalidInputError

MAX_OFFSET = 10_000_000


def query_hash(*parts: object) -> str:
    """Return a short hash of what a search asks, so that a token is not used for another one."""
    return hashlib.sha256(orjson.dumps(parts, default=str)).hexdigest()[:12]


def encode_token(offset: int, query: str) -> str:
    """Return the token of the page that begins at ``offset``."""
    return base64.urlsafe_b64encode(orjson.dumps([offset, query])).decode()


def token_after(found: int, offset: int, size: int, query: str) -> str | None:
    """Return the next page's token where one more was found than a page holds."""
    return encode_token(offset + size, query) if found > size else None


def decode_token(token: str | None, query: str) -> int:
    """Return the offset in a token, 0 without one.

    Raises:
        InvalidInputError: it is none of ours, or of another search.

    """
    if not token:
        return 0
    try:
        offset, of = orjson.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError, binascii.Error):
        offset, of = None, None
    if not isinstance(offset, int) or isinstance(offset, bool) or not 0 <= offset <= MAX_OFFSET:
        raise InvalidInputError(
            "the page token is not one", field="page_token", remedy="begin without a page token"
        )
    if of != query:
        raise InvalidInputError(
            "the page token is of another search",
            field="page_token",
            remedy="repeat the filter and the order of the page before, or begin without a token",
        )
    return offset
