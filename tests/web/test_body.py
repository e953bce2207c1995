"""Request bodies: packing of every kind, whole and damaged, within limits."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from vedette.core.errors import InvalidInputError, TooLargeError
from vedette.web.body import unpack_gzip, unpack_zstd

if TYPE_CHECKING:
    from collections.abc import Callable

    Packer = Callable[[bytes], bytes]
    Unpacker = Callable[[bytes, int], bytes]

MIB = 1 << 20


def zstd_unsized(raw: bytes) -> bytes:
    """Pack in a stream, whose frames do not say how long they are."""
    out = io.BytesIO()
    with zstandard.ZstdCompressor().stream_writer(out, closefd=False) as writer:
        writer.write(raw)
    return out.getvalue()


PACKERS = pytest.mark.parametrize(
    ("pack", "unpack"),
    [
        (gzip.compress, unpack_gzip),
        (zlib.compress, unpack_gzip),
        (zstandard.compress, unpack_zstd),
        (zstd_unsized, unpack_zstd),
    ],
    ids=["gzip", "zlib", "zstd", "zstd unsized"],
)


@PACKERS
@pytest.mark.parametrize("size", [0, 1, 70_000, 3 * MIB])
def test_what_was_packed_comes_back(pack: Packer, unpack: Unpacker, size: int) -> None:
    raw = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert unpack(pack(raw), size) == raw
    if size:
        with pytest.raises(TooLargeError, match="unpacked"):
            unpack(pack(raw), size - 1)


@PACKERS
@given(parts=st.lists(st.binary(max_size=2000), min_size=1, max_size=5))
def test_members_and_frames_join(pack: Packer, unpack: Unpacker, parts: list[bytes]) -> None:
    assert unpack(b"".join(map(pack, parts)), 10_000) == b"".join(parts)


@PACKERS
def test_many_small_members_take_linear_time(pack: Packer, unpack: Unpacker) -> None:
    # What is left behind a member must not be copied for each: this would take many minutes.
    assert unpack(pack(b"x") * 200_000, MIB) == b"x" * 200_000


def test_zeros_behind_a_gzip_member() -> None:
    assert unpack_gzip(gzip.compress(b"a") + bytes(10_000) + gzip.compress(b"b"), 9) == b"ab"
    assert unpack_gzip(gzip.compress(b"a") + bytes(5), 9) == b"a"


@PACKERS
@given(raw=st.binary(min_size=20, max_size=3000), cut=st.integers(1, 10_000))
def test_an_end_that_is_missing_is_noticed(
    pack: Packer, unpack: Unpacker, raw: bytes, cut: int
) -> None:
    packed = pack(raw)
    with pytest.raises(InvalidInputError):
        unpack(packed[: -1 - cut % (len(packed) - 1)], MIB)


@pytest.mark.parametrize("unpack", [unpack_gzip, unpack_zstd])
@given(raw=st.binary(max_size=300))
def test_any_bytes_are_unpacked_or_refused(unpack: Unpacker, raw: bytes) -> None:
    try:
        unpacked = unpack(raw, MIB)
    except (InvalidInputError, TooLargeError):
        return
    assert len(unpacked) <= MIB


@PACKERS
def test_a_bomb_takes_no_more_memory_than_the_limit(pack: Packer, unpack: Unpacker) -> None:
    bomb = pack(bytes(256 * MIB))
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            unpack(bomb, MIB)
        assert tracemalloc.get_traced_memory()[1] < 24 * MIB
    finally:
        tracemalloc.stop()
