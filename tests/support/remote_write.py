"""Remote write requests, encoded by hand: the NaN that marks a stale series must keep its bits."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

STALE = struct.pack("<Q", 0x7FF0000000000002)
"""The bytes of the staleness marker."""


def varint(number: int) -> bytes:
    """Encode a number as protobuf's varint; negative ones as 64 bits."""
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def delimited(tag: int, content: bytes) -> bytes:
    """Encode a length-delimited field."""
    return varint(tag << 3 | 2) + varint(len(content)) + content


def series(
    labels: Mapping[str, str],
    samples: Iterable[tuple[float | bytes, int]] = (),
    histograms: Iterable[bytes] = (),
) -> bytes:
    """Encode one series; a value given as bytes is taken as it is, times are in ms."""
    out = b"".join(
        delimited(1, delimited(1, name.encode()) + delimited(2, value.encode()))
        for name, value in labels.items()
    )
    for value, timestamp in samples:
        raw = value if isinstance(value, bytes) else struct.pack("<d", value)
        out += delimited(2, b"\x09" + raw + b"\x10" + varint(timestamp))
    for histogram in histograms:
        out += delimited(4, histogram)
    return delimited(1, out)
