"""The shape of an audit record and its canonical text.

A record has the fields that AWS CloudTrail gives its events, so that people and tools that read
those read these. The canonical text is JSON with sorted keys, no blanks and UTF-8; its SHA-256 is
the record's hash, and it holds the previous record's hash and its own number.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from vedette.core.errors import InvalidInputError, VedetteError
from vedette.core.identity import DEFAULT_ACCOUNT
from vedette.core.ids import new_id

if TYPE_CHECKING:
    from vedette.core.identity import ResourceId
    from vedette.store.catalog.actor import Actor

EVENT_VERSION = "1.0"
DEFAULT_SOURCE = "vedette.catalog"
HIDDEN = "HIDDEN"
GENESIS_HASH = "0" * 64

_MAX_TEXT = 1024
_MAX_MEMBERS = 100
_MAX_DEPTH = 8
_MAX_REMEMBERED = 128
_MAX_ELEMENTS_BYTES = 16 * 1024
_NAME = re.compile(r"[A-Za-z][\w.:-]{0,127}", re.ASCII)
_SECRET_MEMBER = re.compile(
    r"passw|passphrase|secret|token|authorization|cookie|csrf|credential|api_?key$|private_?key",
    re.IGNORECASE,
)
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)
_KEY_TEXT = re.compile(r"vdt_[0-9a-z]{26}_[\w-]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """What happened, before it has a place in the chain.

    ``account`` is whose resources it was about: the actor's account if None, and the installation's
    own where no account is known either, so that every record has readers. ``request`` and
    ``response`` become requestParameters and responseElements (the latter only of mutations). Of
    both, members whose name tells of a secret are hidden and what is long is cut.
    """

    actor: Actor
    name: str
    account: str | None = None
    source: str = DEFAULT_SOURCE
    read_only: bool = False
    request: Mapping[str, Any] | None = None
    response: Mapping[str, Any] | None = None
    resources: Sequence[ResourceId] = ()
    error: VedetteError | None = None
    time: datetime | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidInputError(
                f"{self.name!r} is not an event name",
                field="eventName",
                remedy="use a letter, then letters, digits, '_', '.', ':' or '-', up to 128",
            )


def build_record(
    event: AuditEvent, *, now: datetime, sequence: int, previous_hash: str
) -> dict[str, Any]:
    """Return the members of a record, all of them plain JSON."""
    actor = event.actor
    error = event.error
    identity = {
        "type": str(actor.type),
        "principalId": clean_text(actor.id),
        "userName": clean_text(actor.name),
        "accountId": actor.account,
    }
    if actor.service_account is not None:
        identity["serviceAccount"] = clean_text(actor.service_account)
    return {
        "eventVersion": EVENT_VERSION,
        "eventID": new_id(),
        "eventTime": format_time(event.time or now),
        "eventSource": clean_text(event.source),
        "eventName": event.name,
        "userIdentity": identity,
        "sourceIPAddress": clean_optional(actor.ip),
        "userAgent": clean_optional(actor.user_agent),
        "requestID": clean_optional(actor.request_id),
        "readOnly": event.read_only,
        "errorCode": error.code if error else None,
        "errorMessage": clean_text(error.message) if error else None,
        "requestParameters": clean_elements(event.request),
        "responseElements": None if event.read_only else clean_elements(event.response),
        "resources": [clean_text(str(resource)) for resource in event.resources[:_MAX_MEMBERS]],
        "recipientAccountId": event.account or actor.account or DEFAULT_ACCOUNT,
        "sequence": sequence,
        "previousHash": previous_hash,
    }


def canonical(record: Mapping[str, Any]) -> str:
    """Return the one text of a record: equal records have equal texts."""
    return _ENCODER.encode(record)


def hash_text(text: str) -> str:
    """Return the SHA-256 of a canonical text as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def format_time(moment: datetime) -> str:
    """Return RFC 3339 in UTC with microseconds and ``Z``."""
    # Three times as fast as strftime.
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def clean_text(text: str) -> str:
    """Cut a text, hide API keys in it, and replace what UTF-8 or PostgreSQL cannot hold."""
    if text.isascii() and len(text) <= _MAX_TEXT and "vdt_" not in text and "\x00" not in text:
        return text
    cut = text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
    cut = _KEY_TEXT.sub(HIDDEN, cut).replace("\x00", "\ufffd")
    return cut.encode("utf-8", "replace").decode("utf-8")


def clean_optional(text: str | None) -> str | None:
    """Clean a text that may be absent."""
    return None if text is None else clean_text(text)


def clean_elements(elements: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return request or response elements as bounded plain JSON without secrets."""
    if elements is None:
        return None
    cleaned: dict[str, Any] = _clean(elements, depth=0)
    # Its text takes no more than six bytes for a character of this: most need not be measured.
    if len(repr(cleaned)) * 6 <= _MAX_ELEMENTS_BYTES:
        return cleaned
    size = len(canonical(cleaned).encode("utf-8"))
    return cleaned if size <= _MAX_ELEMENTS_BYTES else {"omitted": True, "bytes": size}


def _is_secret(name: str) -> bool:
    if len(name) > _MAX_REMEMBERED:
        return _SECRET_MEMBER.search(name) is not None
    return _is_secret_name(name)


@lru_cache(maxsize=1024)
def _is_secret_name(name: str) -> bool:
    return _SECRET_MEMBER.search(name) is not None


def _clean(value: Any, *, depth: int) -> Any:  # noqa: ANN401 - anything to any JSON value
    # What most elements are comes first: each is one comparison.
    kind = type(value)
    if kind is str:
        return clean_text(value)
    if kind is dict:
        return _clean_mapping(value, depth=depth)
    if value is None or kind is int or kind is bool:
        return value
    if isinstance(value, Enum):
        return _clean(value.value, depth=depth)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return _clean_other(value, depth=depth)


def _clean_other(value: object, *, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, bytes | bytearray):
        return f"{len(value)} bytes"
    if isinstance(value, int):
        return value
    if isinstance(value, Mapping):
        return _clean_mapping(value, depth=depth)
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str):
        return _clean_members(value, depth=depth)
    return clean_text(str(value))


def _clean_mapping(value: Mapping[Any, Any], *, depth: int) -> Any:  # noqa: ANN401 - a JSON object, or its size
    if depth >= _MAX_DEPTH:
        return f"{len(value)} members"
    cleaned = {}
    for key, member in islice(value.items(), _MAX_MEMBERS):
        name = str(key)
        hidden = member is not None and _is_secret(name)
        cleaned[clean_text(name)] = HIDDEN if hidden else _clean(member, depth=depth + 1)
    if len(value) > _MAX_MEMBERS:
        cleaned["…"] = f"{len(value) - _MAX_MEMBERS} more"
    return cleaned


def _clean_members(value: Sequence[Any] | set[Any] | frozenset[Any], *, depth: int) -> Any:  # noqa: ANN401 - a JSON array, or its size
    if depth >= _MAX_DEPTH:
        return f"{len(value)} members"
    ordered = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
    items = [_clean(item, depth=depth + 1) for item in ordered[:_MAX_MEMBERS]]
    if len(ordered) > _MAX_MEMBERS:
        items.append(f"{len(ordered) - _MAX_MEMBERS} more")
    return items
