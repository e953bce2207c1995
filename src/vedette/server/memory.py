"""Giving back the pages of libraries that only starting needed."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import mmap
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_EVERY_SECONDS = 600.0
_log = logging.getLogger(__name__)
_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ +(/.*)")
_LIBRARY = re.compile(r".*\.so(\.[\d.]+)?")
_pinned: dict[str, ctypes.CDLL] = {}


class Mapping(NamedTuple):
    """A read-only mapping of a library: address, and bytes in all, resident, and no file's."""

    start: int
    length: int
    path: str
    resident: int
    own: int


async def keep_small() -> None:
    """Give back what starting left, and every ten minutes what was of use only once."""
    while True:
        try:
            given = await asyncio.to_thread(give_back_library_pages)
        except OSError as error:
            _log.info("pages of libraries stay resident: %s", error)
            return
        _log.debug("gave back %d MiB of libraries", given >> 20)
        await asyncio.sleep(_EVERY_SECONDS)


def give_back_library_pages() -> int:
    """Unmap the clean pages of the loaded libraries; those in use come back at once.

    Loading the engine and Python's modules runs the initialisers of each library, a few bytes here
    and there over its whole length, and the kernel maps sixteen pages for each that is touched:
    more than 100 MiB stay resident that nothing looks at again. The pages are unchanged pieces of
    files, which the kernel keeps in its cache; to touch one again costs a minor fault.

    Returns:
        Bytes that were resident and are not now; 0 where the system is not Linux.

    Raises:
        OSError: the system refuses.

    """
    if not sys.platform.startswith("linux"):
        return 0
    for mapping in _library_mappings():
        _pin(mapping.path)
    c = ctypes.CDLL(None, use_errno=True)
    c.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    given = 0
    for mapping in _library_mappings():
        # Pages of the process's own, such as addresses that the loader filled in, would be lost.
        if mapping.path not in _pinned or mapping.own or not mapping.resident:
            continue
        if c.madvise(mapping.start, mapping.length, mmap.MADV_DONTNEED) != 0:
            raise OSError(ctypes.get_errno(), "madvise", mapping.path)
        given += mapping.resident
    return given


def _pin(path: str) -> None:
    """Keep a loaded library where it is for good, and wait until it is loaded to the end.

    What is read of the mappings holds for such a library also later: it cannot be unloaded, and
    other memory mapped in its place.
    """
    if path in _pinned:
        return
    try:
        _pinned[path] = ctypes.CDLL(path, mode=os.RTLD_NOLOAD | os.RTLD_LAZY)
    except OSError:
        return  # no library, or one that was replaced on disk


def _library_mappings() -> list[Mapping]:
    with Path("/proc/self/smaps").open(encoding="utf-8", errors="surrogateescape") as lines:
        return list(library_mappings(lines))


def library_mappings(smaps: Iterable[str]) -> Iterator[Mapping]:
    """Yield each read-only mapping of a library.

    Args:
        smaps: lines of ``/proc/PID/smaps``, see proc_pid_smaps(5).

    """
    found, resident = None, 0
    for line in smaps:
        if line.startswith("Rss:"):
            resident = int(line.split()[1]) << 10
        elif line.startswith("Anonymous:"):
            if found is not None:
                start, end = int(found[1], 16), int(found[2], 16)
                yield Mapping(start, end - start, found[4], resident, int(line.split()[1]) << 10)
            found = None
        elif match := _MAPPING.fullmatch(line.rstrip("\n")):
            flags, path = match[3], match[4]
            read_only = flags[1] == "-" and flags[3] == "p"
            found = match if read_only and _LIBRARY.fullmatch(path) else None
