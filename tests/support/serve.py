"""Run one server process for tests: ``python serve.py '<settings as JSON>'``.

Prints one line of JSON once requests are answered. Each further line on standard input is a
statement as JSON, answered with its rows in one line: a look into the store past the query layer,
so that a test sees every account, derived tables and ``system.parts``.
"""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import asdict
from typing import Any, TextIO

import chdb

from vedette.core.errors import VedetteError
from vedette.core.settings import Settings
from vedette.server import serve
from vedette.server.process import Addresses


class Inspector:
    """Answers each line of ``lines`` with ``{"rows": [...]}`` or ``{"error": text}``."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: chdb.Connection | None = None
        self._lock = threading.Lock()

    def run(self, lines: TextIO, out: TextIO) -> None:
        """Answer until the lines end."""
        for line in lines:
            with self._lock:
                print(json.dumps(self._answer(json.loads(line))), file=out, flush=True)

    def close(self) -> None:
        """Give the engine back; a process that ends with an open connection crashes."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()

    def _answer(self, sql: str) -> dict[str, Any]:
        try:
            self._connection = self._connection or chdb.connect(self._path)
            raw = self._connection.query(sql, "JSONEachRow").bytes() or b""
            return {"rows": [json.loads(row) for row in raw.splitlines()]}
        except (RuntimeError, chdb.ChdbError) as error:
            return {"error": str(error)}


def main() -> None:
    """Serve until told to stop; an error of ours is one line and exit status 1."""
    settings = Settings(**json.loads(sys.argv[1]))
    inspector = Inspector(str(settings.data_dir.absolute() / "warehouse"))

    def on_ready(addresses: Addresses) -> None:
        print(json.dumps(asdict(addresses)), flush=True)
        threading.Thread(target=inspector.run, args=(sys.stdin, sys.stdout), daemon=True).start()

    try:
        serve(settings, on_ready)
    except VedetteError as error:
        sys.exit(f"error: {error.message}; {error.remedy}")
    finally:
        inspector.close()


if __name__ == "__main__":
    main()
