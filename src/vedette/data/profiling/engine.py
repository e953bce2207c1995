"""The engine that profiles: chDB in the user's process, or the server's warehouse."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, Self

from vedette.core.errors import InvalidInputError, UnavailableError
from vedette.data.profiling.engine_errors import readable
from vedette.data.profiling.lakes import LakeReader, reads_lake
from vedette.data.profiling.sessions import sessions_in_utc

Rows = list[list[Any]]
Progress = Callable[[float | None, str], None]
"""Called with the share that is done (None where it is not known) and what is going on."""
_POLL_SECONDS = 0.5
_QUERY_BYTES = 64 << 20
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n"})


class Engine(Protocol):
    """Runs statements and returns rows."""

    def rows(self, sql: str, parameters: Mapping[str, str], frame: Any = None) -> Rows:  # noqa: ANN401
        """Return all rows of a statement; ``frame`` is what ``Python(vedette_frame)`` reads."""


class LocalEngine:
    """chDB in this process, in memory; closes with the ``with`` block.

    Args:
        memory_bytes: most memory of a statement.
        progress: told how much of a statement's rows were read.

    Raises:
        UnavailableError: chDB is not installed.

    """

    def __init__(self, *, memory_bytes: int = 2 << 30, progress: Progress | None = None) -> None:
        try:
            import chdb  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise UnavailableError(
                "profiling needs the engine", remedy="pip install 'vedette[profile]'"
            ) from error
        self._connect: Callable[[], Any] = partial(chdb.connect, ":memory:")
        self._connection = self._connect()
        self._memory_bytes = memory_bytes
        self._progress = progress
        self._lake: LakeReader | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        if self._lake:
            self._lake.close()

    def rows(self, sql: str, parameters: Mapping[str, str], frame: Any = None) -> Rows:  # noqa: ANN401
        """See ``Engine.rows``."""
        if reads_lake(sql, parameters):
            return self._lake_at(parameters["source"]).rows(sql, parameters)
        vedette_frame = frame  # noqa: F841 - the engine finds it by its name
        settings = (
            f"SETTINGS max_memory_usage = {self._memory_bytes}, max_query_size = {_QUERY_BYTES}, "
            f"max_ast_elements = 5000000, max_expanded_ast_elements = 5000000, "
            f"schema_inference_make_columns_nullable = 1, output_format_json_quote_64bit_integers = 0, "
            # A moment without a zone is the same one on every machine.
            f"session_timezone = 'UTC', output_format_json_quote_denormals = 0, "
            f"input_format_parquet_max_block_size = 16384, "
            # The fourth statement of a shape would be compiled, for longer than it then runs.
            f"compile_expressions = 0, compile_aggregate_expressions = 0"
        )
        with _Watch(self._connect, self._progress), sessions_in_utc(sql):
            try:
                answer = self._connection.query(
                    f"{sql}\n{settings}", "JSONCompactEachRow", params=bound(parameters)
                )
            except Exception as error:
                raise readable(error) from error
            return parse_rows(bytes(answer.bytes()))

    def _lake_at(self, folder: str) -> LakeReader:
        """Return the process that stands in a lake table's folder, started where there is none."""
        if self._lake and self._lake.folder != folder:
            self._lake.close()
            self._lake = None
        self._lake = self._lake or LakeReader(folder, self._memory_bytes)
        return self._lake


def bound(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return values as the engine reads them: a backslash begins an escape."""
    return {name: value.translate(_ESCAPES) for name, value in parameters.items()}


def parse_rows(answer: bytes) -> Rows:
    """Read the engine's ``JSONCompactEachRow``.

    Raises:
        InvalidInputError: a name in it is no UTF-8.

    """
    try:
        return [json.loads(line.decode()) for line in answer.split(b"\n") if line.strip()]
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            "the names of the columns are not in UTF-8",
            field="source",
            remedy="convert the file: iconv -f LATIN1 -t UTF-8, or from what it is in",
        ) from error


class _Watch:
    """Reports, from a connection and thread of its own, how far the running statement is."""

    def __init__(self, connect: Callable[[], Any], progress: Progress | None) -> None:
        self._connect = connect
        self._progress = progress
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._progress:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        connection = None
        try:
            while not self._done.wait(_POLL_SECONDS):
                connection = connection or self._connect()
                answer = connection.query(
                    "SELECT read_rows, total_rows_approx, elapsed FROM system.processes "
                    "WHERE query NOT LIKE '%system.processes%' ORDER BY elapsed DESC LIMIT 1",
                    "JSONCompactEachRow",
                )
                rows = parse_rows(bytes(answer.bytes()))
                if rows and self._progress:
                    self._progress(*_shown(rows[0]))
        except Exception:  # noqa: BLE001 - a report that fails must not fail the work
            time.sleep(0)
        finally:
            if connection is not None:
                connection.close()


def _shown(row: Sequence[Any]) -> tuple[float | None, str]:
    read, total, elapsed = int(row[0]), int(row[1]), float(row[2])
    share = min(1.0, read / total) if total else None
    rate = read / elapsed if elapsed else 0
    return share, f"{read:,} rows, {rate:,.0f}/s"
