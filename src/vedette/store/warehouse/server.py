"""A ClickHouse server or cluster, over HTTP with clickhouse-connect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.exceptions import (
    ClickHouseError,
    DatabaseError,
    OperationalError,
    ProgrammingError,
)
from urllib3.exceptions import HTTPError

from vedette.core.errors import InvalidInputError, UnavailableError
from vedette.store.warehouse.base import InsertSettings, Query, Warehouse
from vedette.store.warehouse.statement import (
    bindable,
    error_code,
    literal,
    marked,
    query_settings,
    translate,
)

STREAM_BYTES = 1 << 20
MAX_ERROR_PIECES = 16
_EXCEPTION_TAG = "X-ClickHouse-Exception-Tag"


class ServerWarehouse(Warehouse):
    """ClickHouse by URL: ``clickhouse://user:password@host:8123/database?cluster=c&secure=1``."""

    shared = True

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        unknown = set(options) - {"cluster", "secure"}
        if unknown or not parts.hostname:
            raise InvalidInputError(
                f"the warehouse URL has {'no host' if not parts.hostname else f'an unknown option {min(unknown)!r}'}",
                field="warehouse_url",
                remedy="write clickhouse://user:password@host:8123/database, with ?cluster= and ?secure=1 as needed",
            )
        self.cluster = options.get("cluster")
        secure = options.get("secure") in {"1", "true"}
        with _translated():
            # No session: statements of one client may then run at the same time.
            self._client = clickhouse_connect.get_client(
                host=parts.hostname,
                port=parts.port or (8443 if secure else 8123),
                username=unquote(parts.username or "default"),
                password=unquote(parts.password or ""),
                database=parts.path.strip("/") or "default",
                secure=secure,
                autogenerate_session_id=False,
                compress=False,
            )

    def fetch(self, query: Query, output_format: str) -> bytes:
        """See ``Warehouse.fetch``."""
        with _translated():
            return self._client.raw_query(
                marked(query),
                parameters=bindable(query.params),
                settings=dict(query_settings(query)),
                fmt=output_format,
            )

    def stream(self, query: Query, output_format: str) -> Iterator[bytes]:
        """See ``Warehouse.stream``."""
        with _translated():
            source: Any = self._client.raw_stream(
                marked(query),
                parameters=bindable(query.params),
                settings=dict(query_settings(query)),
                fmt=output_format,
            )
            with source:
                yield from _checked(source)

    def insert(
        self, table: str, chunks: Sequence[bytes], input_format: str, settings: InsertSettings
    ) -> None:
        """See ``Warehouse.insert``."""
        with _translated(inserting=True):
            self._client.raw_insert(
                table,
                insert_block=b"".join(chunks),
                fmt=input_format,
                settings={**settings, "async_insert": 0, "wait_end_of_query": 1},
            )

    def execute(self, sql: str) -> None:
        """See ``Warehouse.execute``."""
        with _translated():
            self._client.command(sql)

    def free_disk_bytes(self) -> int:
        """Return the least free space over the server's disks."""
        free: Any = self.query("SELECT min(unreserved_space) AS free FROM system.disks").scalar()
        return int(free or 0)

    def backup(self, folder: Path) -> None:
        """See ``Warehouse.backup``."""
        self.execute(f"BACKUP DATABASE {self._database()} TO File({literal(folder.name)})")

    def restore(self, folder: Path) -> None:
        """See ``Warehouse.restore``."""
        self.execute(f"RESTORE DATABASE {self._database()} FROM File({literal(folder.name)})")

    def _database(self) -> str:
        name: str = self.query("SELECT currentDatabase() AS name").scalar()
        return f"`{name}`"

    def close(self) -> None:
        """See ``Warehouse.close``."""
        self._client.close()


def _checked(source: Any) -> Iterator[bytes]:  # noqa: ANN401 - the driver's HTTP response
    """Yield an answer's pieces; raise the error that the server writes where it fails half way.

    The answer's status is sent by then, so the server marks the error in the body, with a tag that
    it has named in a header.
    """
    mark = f"__exception__\r\n{source.headers.get(_EXCEPTION_TAG, '')}\r\n".encode()
    pieces = source.stream(STREAM_BYTES)
    held = b""
    for piece in pieces:
        held += piece
        if (at := held.find(mark)) >= 0:
            text = held[at + len(mark) :]
            with suppress(HTTPError):  # the server ends such an answer without its last chunk
                text += b"".join(islice(pieces, MAX_ERROR_PIECES))
            raise translate(text.decode("utf-8", "replace"))
        # The mark may be split over two pieces.
        if len(held) > len(mark):
            yield held[: -len(mark)]
            held = held[-len(mark) :]
    if held:
        yield held


@contextmanager
def _translated(*, inserting: bool = False) -> Iterator[None]:
    try:
        yield
    except HTTPError as error:
        raise UnavailableError(
            f"the connection to the ClickHouse server broke: {str(error)[:300]}", retry_after=5
        ) from error
    except ProgrammingError as error:
        raise InvalidInputError(f"the statement cannot be sent: {str(error)[:300]}") from error
    except ClickHouseError as error:
        message = str(error)
        if isinstance(error, OperationalError) or (
            isinstance(error, DatabaseError) and not error_code(message)
        ):
            raise UnavailableError(
                f"the ClickHouse server does not answer: {message[:300]}", retry_after=5
            ) from error
        raise translate(message, inserting=inserting) from error
