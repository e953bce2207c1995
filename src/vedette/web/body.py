"""Request bodies: read with a limit, unpacked with a limit, never more in memory than allowed."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable

import zstandard
from starlette.requests import ClientDisconnect, Request

from vedette.core.errors import InvalidInputError, TooLargeError, UnsupportedMediaError
from vedette.core.settings import Settings

_INLINE_BYTES = 64 * 1024
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_ZSTD_WINDOW = 1 << 27
_GZIP_STEP = 4096
"""Bytes fed at once: what is left of a step behind a member is copied, and members may be tiny."""
_ZSTD_STEP = 256
"""Bytes fed at once: a block of 4 bytes may unpack to 128 KiB."""


async def read_body(request: Request, settings: Settings) -> bytes:
    """Return the body, unpacked as its Content-Encoding says.

    Raises:
        TooLargeError: it is larger than ``max_body_bytes``, or than ``max_unpacked_bytes`` unpacked.
        UnsupportedMediaError: the Content-Encoding is not gzip, deflate, zstd or identity.
        InvalidInputError: the body is not what its Content-Encoding says, or ends early.

    """
    raw = await read_raw(request, settings.max_body_bytes)
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        return raw
    unpack = _DECODERS.get(encoding)
    if unpack is None:
        raise UnsupportedMediaError(
            f"Content-Encoding {encoding[:40]!r} is not supported",
            field="Content-Encoding",
            remedy="send gzip, zstd, deflate or identity",
        )
    if len(raw) <= _INLINE_BYTES:
        return unpack(raw, settings.max_unpacked_bytes)
    return await asyncio.to_thread(unpack, raw, settings.max_unpacked_bytes)


async def read_raw(request: Request, most: int) -> bytes:
    """Return the body as sent, refusing one over ``most`` bytes without reading it all."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise _too_large(most)
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise _too_large(most)
            chunks.append(chunk)
    except ClientDisconnect as error:
        raise InvalidInputError("the connection ended before the body", field="body") from error
    return b"".join(chunks)


def unpack_gzip(raw: bytes, most: int) -> bytes:
    """Unpack gzip (of several members too) or zlib data of at most ``most`` bytes."""
    out, view, position = bytearray(), memoryview(raw), 0
    try:
        while position < len(raw):
            decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
            while not decoder.eof:
                step = view[position : position + _GZIP_STEP]
                if not step:
                    raise _corrupt("gzip")
                out += decoder.decompress(step, most - len(out) + 1)
                if len(out) > most:
                    raise _too_large(most, unpacked=True)
                position += len(step) - len(decoder.unused_data)
            position = _after_padding(raw, position)
    except zlib.error as error:
        raise _corrupt("gzip") from error
    return bytes(out)


def unpack_zstd(raw: bytes, most: int) -> bytes:
    """Unpack zstd frames of at most ``most`` bytes."""
    out, view, position = bytearray(), memoryview(raw), 0
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    try:
        while position < len(raw):
            frame = decompressor.decompressobj()
            while not frame.eof:
                step = view[position : position + _ZSTD_STEP]
                if not step:
                    raise _corrupt("zstd")
                out += frame.decompress(step)
                if len(out) > most:
                    raise _too_large(most, unpacked=True)
                position += len(step) - len(frame.unused_data)
    except zstandard.ZstdError as error:
        raise _corrupt("zstd") from error
    return bytes(out)


def _after_padding(raw: bytes, position: int) -> int:
    """Return where the zeros end that may stand behind a gzip member."""
    while step := raw[position : position + _GZIP_STEP]:
        left = len(step.lstrip(b"\0"))
        position += len(step) - left
        if left:
            break
    return position


def _too_large(most: int, *, unpacked: bool = False) -> TooLargeError:
    return TooLargeError(
        f"the body is larger than {most} bytes{' unpacked' if unpacked else ''}",
        field="body",
        remedy="send smaller batches",
    )


def _corrupt(encoding: str) -> InvalidInputError:
    return InvalidInputError(
        f"the body is not whole {encoding} data",
        field="Content-Encoding",
        remedy=f"send the body as {encoding}, or leave Content-Encoding out",
    )


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": unpack_gzip,
    "x-gzip": unpack_gzip,
    "deflate": unpack_gzip,
    "zstd": unpack_zstd,
}
