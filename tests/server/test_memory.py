"""Pages of libraries that are given back are those of files alone, and come back when used."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import pytest

from support.python import output_of
from vedette.server import memory

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="of Linux")

SMAPS = """\
7f0000000000-7f0000004000 r--p 00000000 fe:00 7 /usr/lib/libone.so.1
Rss:                  16 kB
Anonymous:             0 kB
7f0000004000-7f0000008000 r-xp 00004000 fe:00 7 /usr/lib/libone.so.1
Rss:                   8 kB
Anonymous:             4 kB
7f0000008000-7f000000c000 rw-p 00008000 fe:00 7 /usr/lib/libone.so.1
Rss:                  16 kB
Anonymous:            16 kB
7f000000c000-7f0000010000 r--s 00000000 fe:00 8 /srv/store/a.so
Rss:                  16 kB
Anonymous:             0 kB
7f0000010000-7f0000014000 r--p 00000000 fe:00 9 /srv/store/data.bin
Rss:                  16 kB
Anonymous:             0 kB
7f0000014000-7f0000018000 r-xp 00000000 00:00 0 [vdso]
Rss:                   8 kB
Anonymous:             0 kB
7f0000018000-7f000001c000 rw-p 00000000 00:00 0
Rss:                   8 kB
Anonymous:             8 kB
7f000001c000-7f0000020000 r-xp 00000000 fe:00 9 /opt/a b/_two.abi3.so
Rss:                   4 kB
Anonymous:             0 kB
"""

USED_AFTERWARDS = """
import importlib, sys, threading
from vedette.server.memory import give_back_library_pages

NAMES = ["sqlite3", "numpy", "lzma", "bz2", "decimal", "ctypes", "cryptography.fernet", "grpc", "orjson"]
loader = threading.Thread(target=lambda: [importlib.import_module(name) for name in NAMES])
loader.start()
rounds = 0
while loader.is_alive() or rounds < 3:
    give_back_library_pages()
    rounds += 1
numpy, sqlite3, fernet = (sys.modules[name] for name in ("numpy", "sqlite3", "cryptography.fernet"))
key = fernet.Fernet(fernet.Fernet.generate_key())
print(
    numpy.arange(1000.0).reshape(10, 100).sum(),
    sqlite3.connect(":memory:").execute("SELECT 6 * 7").fetchone()[0],
    key.decrypt(key.encrypt(b"as before")).decode(),
)
"""


def _resident_of_files() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssFile:"):
            return int(line.split()[1]) << 10
    raise AssertionError("no RssFile")


def test_read_only_mappings_of_libraries_are_told_from_all_others() -> None:
    found = list(memory.library_mappings(SMAPS.splitlines(keepends=True)))
    assert found == [
        (0x7F0000000000, 0x4000, "/usr/lib/libone.so.1", 16 << 10, 0),
        (0x7F0000004000, 0x4000, "/usr/lib/libone.so.1", 8 << 10, 4 << 10),
        (0x7F000001C000, 0x4000, "/opt/a b/_two.abi3.so", 4 << 10, 0),
    ]


def test_what_starting_left_is_given_back() -> None:
    before = _resident_of_files()
    given = memory.give_back_library_pages()
    assert given > 0
    assert _resident_of_files() < before


def test_libraries_work_on_also_while_others_are_loaded() -> None:
    assert output_of(USED_AFTERWARDS) == "499500.0 42 as before\n"


def test_a_system_that_refuses_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> int:
        raise PermissionError(13, "madvise")

    monkeypatch.setattr(memory, "give_back_library_pages", refuse)
    with caplog.at_level(logging.INFO, logger="vedette.server.memory"):
        asyncio.run(asyncio.wait_for(memory.keep_small(), 30))
    assert "stay resident" in caplog.text
