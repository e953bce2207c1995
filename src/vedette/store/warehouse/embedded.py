"""The embedded engine: chDB in this process, some connections for reading, some for writing."""

from __future__ import annotations

import hashlib
import os
import queue
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

# Read by the engine's allocator as it is loaded: one arena a core instead of four, and freed memory
# goes back to the system after one second instead of five. A third less stays resident under load.
os.environ.setdefault(
    "JE_MALLOC_CONF", f"narenas:{os.cpu_count() or 1},dirty_decay_ms:1000,muzzy_decay_ms:0"
)
import chdb

# The engine's Python interface works without pyarrow, and loads it where it is installed: 25 MiB of
# libraries, for answers in a form that nothing here asks for.
if "pyarrow" not in sys.modules:
    sys.modules["pyarrow"] = None  # type: ignore[assignment]
    try:
        import chdb.state
    finally:
        del sys.modules["pyarrow"]
from clickhouse_connect.driver.binding import format_bind_value

from vedette.core.errors import OverloadedError, UnavailableError, VedetteError
from vedette.store.warehouse.base import InsertSettings, Query, Warehouse
from vedette.store.warehouse.lock import FolderLock
from vedette.store.warehouse.statement import (
    bindable,
    literal,
    marked,
    query_settings,
    settings_clause,
    translate,
)

WRITERS = 2
MAX_WAITING = 64
MAX_WAIT_SECONDS = 30.0
# Unless each thread has a GiB, the engine reads with fewer: with the little memory that it may use
# here, with one, however many cores there are.
_READ_SETTINGS = {"max_threads_min_free_memory_per_thread": 64 << 20}


class EmbeddedWarehouse(Warehouse):
    """chDB under ``path``; one process a path, guarded by a lock file.

    Args:
        path: folder of the store, made where it is missing.
        readers: queries that run at the same time.
        memory_bytes: limit over all statements together.
        cache_bytes: limit of the mark, index and text-index caches together.
        backups: the one folder that backups may be written to and read from.

    Raises:
        StoreLockedError: another process has the folder open.

    """

    # A part smaller than this is one file instead of some twenty: making and removing the files was
    # a third of the cost of a small insert. Buffers of columns grow with what is written, instead of
    # a MiB or two for each of some fifty streams: most parts are far smaller.
    table_settings = (
        "min_bytes_for_full_part_storage = 16777216",
        "min_columns_to_activate_adaptive_write_buffer = 1",
        "merge_selector_base = 16",
    )

    def __init__(
        self,
        path: Path,
        *,
        readers: int = 4,
        memory_bytes: int = 2 << 30,
        cache_bytes: int = 96 << 20,
        backups: Path | None = None,
    ) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = FolderLock(path)
        self._lock.acquire()
        self._closed = False
        self._schema_files: set[Path] = set()
        self._waiting = threading.BoundedSemaphore(MAX_WAITING)
        settings = _server_settings(memory_bytes, cache_bytes)
        options = urlencode(
            {
                **settings,
                "backups.allowed_path": str(backups or path.parent / "backups"),
            }
        )
        self._address = f"{path}?{options}"
        try:
            self._readers = _pool(self._address, readers)
            self._writers = _pool(self._address, WRITERS)
        except Exception:
            self._lock.release()
            raise

    def fetch(self, query: Query, output_format: str) -> bytes:
        """See ``Warehouse.fetch``."""
        sql = _readable(query)
        with self._borrow(self._readers) as connection, _translated():
            result = connection.query(sql, output_format, params=_bound(query))
            return bytes(result.bytes())

    def stream(self, query: Query, output_format: str) -> Iterator[bytes]:
        """See ``Warehouse.stream``."""
        sql = _readable(query)
        with (
            self._borrow(self._readers) as connection,
            _translated(),
            connection.send_query(sql, output_format, params=_bound(query)) as pieces,
        ):
            empty = True
            for piece in pieces:
                empty = False
                yield bytes(piece.bytes())
        if empty:
            # Streamed, an answer without rows comes without its header and footer too.
            yield self.fetch(query, output_format)

    def insert(
        self, table: str, chunks: Sequence[bytes], input_format: str, settings: InsertSettings
    ) -> None:
        """See ``Warehouse.insert``."""
        settings = self._with_schema_file(settings)
        # The streaming insert of the engine's Python interface does not report what fails in a
        # materialized view: rows would be lost and acknowledged. An insert from a file does.
        with (
            self._borrow(self._writers) as connection,
            _file_of(chunks, self._path) as file,
            _translated(inserting=True),
        ):
            connection.query(
                f"INSERT INTO {table} FROM INFILE {literal(file)} COMPRESSION 'none' "
                f"{settings_clause(settings)} FORMAT {input_format}",
                "Null",
            )

    def _with_schema_file(self, settings: InsertSettings) -> InsertSettings:
        """Put a protobuf schema that is given as text in a file of the store's folder.

        Given the text, the engine would write such a file to the process's working folder.
        """
        if settings.get("format_schema_source") != "string":
            return settings
        text = str(settings["format_schema"])
        file = self._path / "protobuf" / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.proto"
        if file not in self._schema_files:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
            self._schema_files.add(file)
        name = settings["format_schema_message_name"]
        others = {key: value for key, value in settings.items() if "format_schema" not in key}
        return {**others, "format_schema": f"{file.absolute()}:{name}"}

    def execute(self, sql: str) -> None:
        """See ``Warehouse.execute``."""
        with self._borrow(self._writers) as connection, _translated():
            connection.query(sql, "Null")

    def free_disk_bytes(self) -> int:
        """See ``Warehouse.free_disk_bytes``."""
        return shutil.disk_usage(self._path).free

    def backup(self, folder: Path) -> None:
        """See ``Warehouse.backup``; the folder lies in the one given as ``backups``."""
        self.execute(f"BACKUP DATABASE default TO File({literal(str(folder))})")

    def restore(self, folder: Path) -> None:
        """See ``Warehouse.restore``."""
        self.execute(f"RESTORE DATABASE default FROM File({literal(str(folder))})")

    def close(self) -> None:
        """See ``Warehouse.close``."""
        if self._closed:
            return
        self._closed = True
        for pool in (self._readers, self._writers):
            for _ in range(pool.maxsize):
                pool.get(timeout=MAX_WAIT_SECONDS).close()
        self._lock.release()

    @contextmanager
    def _borrow(self, pool: queue.LifoQueue[Any]) -> Iterator[Any]:
        """Lend a connection; only so many may wait for one, and only so long."""
        if self._closed:
            raise UnavailableError("the store is closing")
        if not self._waiting.acquire(blocking=False):
            raise OverloadedError("too many queries wait for the store", retry_after=2)
        try:
            connection = pool.get(timeout=MAX_WAIT_SECONDS)
        except queue.Empty:
            raise OverloadedError("the store is busy", retry_after=5) from None
        finally:
            self._waiting.release()
        try:
            yield connection
        except BaseException:
            # After a statement that failed midway, the engine puts the rows it had already made
            # before the connection's next answer, which may be another account's: such a
            # connection is never used again.
            connection.close()
            connection = _connect(self._address)
            raise
        finally:
            pool.put(connection)


def _server_settings(memory_bytes: int, cache_bytes: int) -> dict[str, int]:
    """Keep the engine small: its defaults are for a machine of its own."""
    return {
        "max_server_memory_usage": memory_bytes,
        "mark_cache_size": cache_bytes // 3,
        "primary_index_cache_size": cache_bytes // 6,
        "index_mark_cache_size": cache_bytes // 12,
        "text_index_header_cache_size": cache_bytes // 12,
        "text_index_postings_cache_size": cache_bytes // 3,
        "query_condition_cache_size": cache_bytes // 12,
    }


def _pool(address: str, size: int) -> queue.LifoQueue[Any]:
    # Last in, first out: an idle server keeps using the same warm connection.
    pool: queue.LifoQueue[Any] = queue.LifoQueue(maxsize=size)
    for _ in range(size):
        pool.put(_connect(address))
    return pool


def _connect(address: str) -> Any:  # noqa: ANN401 - the engine's interface has no types
    return chdb.connect(address)  # type: ignore[no-untyped-call]


def _readable(query: Query) -> str:
    return f"{marked(query)}\n{settings_clause({**_READ_SETTINGS, **query_settings(query)})}"


def _bound(query: Query) -> dict[str, Any]:
    return {name: format_bind_value(value) for name, value in bindable(query.params).items()}


@contextmanager
def _file_of(chunks: Sequence[bytes], folder: Path) -> Iterator[str]:
    """Yield the path of a file that holds the chunks: in memory where the system can."""
    if not hasattr(os, "memfd_create"):
        with tempfile.NamedTemporaryFile(dir=folder, prefix="insert-") as file:
            file.writelines(chunks)
            file.flush()
            yield file.name
        return
    with os.fdopen(os.memfd_create("insert", os.MFD_CLOEXEC), "wb", buffering=0) as memory:
        for chunk in chunks:
            memory.write(chunk)
        yield f"/proc/self/fd/{memory.fileno()}"


@contextmanager
def _translated(*, inserting: bool = False) -> Iterator[None]:
    try:
        yield
    except VedetteError:
        raise
    except (RuntimeError, chdb.ChdbError) as error:
        raise translate(str(error), inserting=inserting) from error
