"""What every warehouse back end offers; all above the store speaks only to this."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

Params = Mapping[str, Any]
InsertSettings = Mapping[str, str | int | float]
Settings = Mapping[str, str | int | float]

COLUMNS_FORMAT = "JSONColumnsWithMetadata"

OUTPUT_SETTINGS: Settings = {
    "date_time_output_format": "iso",
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_validate_utf8": 1,
    "output_format_json_named_tuples_as_objects": 1,
}
"""How answers are written: times in RFC 3339, numbers as numbers, only valid UTF-8."""


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """What one query may use; the engine itself enforces all three.

    Attributes:
        rows: most rows of an answer; more is cut off, not an error.
        seconds: longest run time.
        memory_bytes: most memory.

    """

    rows: int = 10_000
    seconds: float = 30.0
    memory_bytes: int = 1024 * 1024 * 1024

    def settings(self) -> Settings:
        """Return the limits as engine settings."""
        return {
            # The first cuts where asked, but after the fact; the second stops early, but roughly.
            "limit": self.rows,
            "max_result_rows": self.rows,
            "result_overflow_mode": "break",
            "max_execution_time": self.seconds,
            "max_memory_usage": self.memory_bytes,
            "timeout_before_checking_execution_speed": 0,
        }


@dataclass(frozen=True, slots=True)
class Columns:
    """A columnar answer.

    Attributes:
        names: column names in order.
        types: engine types, one a column.
        data: column name to its values; all of one length.
        rows: number of rows.
        rows_read: rows that the engine read for it.
        seconds: time that the engine took.

    """

    names: Sequence[str]
    types: Sequence[str]
    data: Mapping[str, list[Any]]
    rows: int
    rows_read: int = 0
    seconds: float = 0.0

    @classmethod
    def parse(cls, raw: bytes) -> Columns:
        """Read the engine's ``JSONColumnsWithMetadata``."""
        answer = orjson.loads(raw)
        names = [column["name"] for column in answer["meta"]]
        # An answer without rows comes without its columns.
        data = {name: answer["data"].get(name, []) for name in names}
        statistics = answer.get("statistics", {})
        return cls(
            names=names,
            types=[column["type"] for column in answer["meta"]],
            data=data,
            rows=len(data[names[0]]) if names else 0,
            rows_read=statistics.get("rows_read", 0),
            seconds=statistics.get("elapsed", 0.0),
        )

    def __getitem__(self, name: str) -> list[Any]:
        return self.data[name]

    def records(self) -> list[dict[str, Any]]:
        """Return the answer as one mapping a row; for small answers."""
        columns = [self.data[name] for name in self.names]
        return [dict(zip(self.names, row, strict=True)) for row in zip(*columns, strict=True)]

    def scalar(self) -> Any:  # noqa: ANN401 - the one value is whatever was asked for
        """Return the first value of the first row, or None where there is none."""
        return self.data[self.names[0]][0] if self.rows else None


@dataclass(frozen=True, slots=True)
class Query:
    """One statement with its parameters, limits and the name it can be cancelled by."""

    sql: str
    params: Params = field(default_factory=dict)
    limits: QueryLimits = field(default_factory=QueryLimits)
    query_id: str | None = None
    settings: Settings = field(default_factory=dict)


class Warehouse(ABC):
    """A ClickHouse that keeps facts. Thread-safe; every method blocks its thread.

    Errors: ``InvalidInputError`` where the statement or data is wrong, ``QueryLimitError`` and
    ``QueryCancelledError``, ``OverloadedError`` where too many queries wait, ``UnavailableError``
    where the store cannot be reached or is full, ``StoreError`` for anything else.
    """

    cluster: str | None = None
    """Name of the ClickHouse cluster, where tables are replicated and distributed."""

    shared: bool = False
    """Whether others may write to the store beside this process."""

    table_settings: Sequence[str] = ()
    """Settings that this back end wants of every table, such as ``index_granularity = 8192``."""

    @abstractmethod
    def fetch(self, query: Query, output_format: str) -> bytes:
        """Run a query and return the whole answer in an engine output format."""

    @abstractmethod
    def stream(self, query: Query, output_format: str) -> Iterator[bytes]:
        """Run a query and yield its answer in pieces; closing the iterator ends the query."""

    @abstractmethod
    def insert(
        self, table: str, chunks: Sequence[bytes], input_format: str, settings: InsertSettings
    ) -> None:
        """Insert the concatenated chunks; returns after the engine committed."""

    @abstractmethod
    def execute(self, sql: str) -> None:
        """Run a statement that has no answer (DDL, DELETE, KILL QUERY)."""

    @abstractmethod
    def free_disk_bytes(self) -> int:
        """Return the free space where the engine stores its parts."""

    @abstractmethod
    def backup(self, folder: Path) -> None:
        """Write a consistent copy of every table to a new folder, while writes go on.

        A server takes the folder's name alone, under its own ``backups.allowed_path``.
        """

    @abstractmethod
    def restore(self, folder: Path) -> None:
        """Bring back what ``backup`` wrote, into a store without tables."""

    @abstractmethod
    def close(self) -> None:
        """Close after running statements ended; closing twice is fine."""

    def query(
        self,
        sql: str,
        params: Params | None = None,
        *,
        limits: QueryLimits | None = None,
        query_id: str | None = None,
    ) -> Columns:
        """Run a query and return its columns."""
        query = Query(sql, params or {}, limits or QueryLimits(), query_id)
        return Columns.parse(self.fetch(query, COLUMNS_FORMAT))

    def cancel(self, query_id: str) -> None:
        """Cancel the running query of that id; unknown ids are ignored."""
        marker = query_marker(query_id)
        scope = f"ON CLUSTER '{self.cluster}'" if self.cluster else ""
        self.execute(f"KILL QUERY {scope} WHERE startsWith(query, '{marker}') ASYNC")


def query_marker(query_id: str) -> str:
    """Return the comment that names a running query; both back ends carry it in the text."""
    if not query_id.isalnum():
        raise ValueError(f"a query id is letters and digits: {query_id!r}")
    return f"/* vedette:{query_id} */"
