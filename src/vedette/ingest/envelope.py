"""The envelope: a few bytes of protobuf around a body, so that bodies join without re-encoding.

A group is a sequence of length-delimited ``Envelope`` messages (``otlp/envelope.proto.j2``); the
body is their last field and stays the bytes that the client sent.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_MAX_7_BIT = 0x7F
_FIXED = struct.Struct("<BQBQBQBQBQ")
_STORED = struct.Struct("<BQ")
_TAG_ACCOUNT = b"\x0a"
_TAG_REQUEST = b"\x3a"


@dataclass(slots=True)
class Body:
    """One accepted request body on its way to the store.

    Attributes:
        account: account that the caller's credentials belong to.
        data: the body, unpacked, as the client sent it.
        received: when its commit began, nanoseconds since the epoch (``CommitClock``).
        oldest: a record's earliest allowed time, nanoseconds since the epoch.
        newest: a record's latest allowed time, nanoseconds since the epoch.
        request_id: unique in the store; rejected records are found by it.
        batch_id: the client's id of the batch, the same in each attempt; 0 where it gives none.
        stored: what an earlier attempt of the batch stored: for each day of each fact table that
            holds rows of it, the table's place in ``SourceSpec.stored`` times 2^32 plus the day
            since the epoch. A table's rows of a day are written whole or not at all.

    """

    account: str
    data: bytes
    received: int
    oldest: int
    newest: int
    request_id: int
    batch_id: int = 0
    stored: tuple[int, ...] = ()

    def envelope(self) -> bytes:
        """Return the body's prefix: outer length, fields and the tag and length of the request."""
        account = self.account.encode()
        fields = _FIXED.pack(
            0x11, self.received,
            0x19, self.oldest,
            0x21, self.newest,
            0x29, self.batch_id,
            0x31, self.request_id,
        )  # fmt: skip
        stored = b"".join(_STORED.pack(0x41, part) for part in self.stored)
        head = b"".join(
            (
                _TAG_ACCOUNT,
                varint(len(account)),
                account,
                fields,
                stored,
                _TAG_REQUEST,
                varint(len(self.data)),
            )
        )
        return varint(len(head) + len(self.data)) + head


def varint(number: int) -> bytes:
    """Encode a non-negative number as protobuf's base-128 varint."""
    out = bytearray()
    while number > _MAX_7_BIT:
        out.append(number & _MAX_7_BIT | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
