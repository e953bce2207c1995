"""Lake tables on this machine's disk, read by a process of their own that stands in their folder.

The engine reads an Iceberg or Delta table only below the working directory, which is the whole
process's: to change it would take it from the user's other threads.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from vedette.core.errors import ConflictError, InvalidInputError, UnavailableError, VedetteError
from vedette.data.profiling.sources import Source

_MODULE = "vedette.data.profiling.lakes"
_FUNCTIONS = ("icebergLocal(", "deltaLakeLocal(")
_ENDED = "the process that reads the lake table ended"


def lake_folder(source: Source) -> str | None:
    """Return the folder of a source that is a lake table on this machine's disk."""
    return source.parameters["source"] if source.expression.startswith(_FUNCTIONS) else None


def reads_lake(sql: str, parameters: Mapping[str, str]) -> bool:
    """Return whether a statement reads a lake table that is not below the working directory."""
    if not any(function in sql for function in _FUNCTIONS):
        return False
    return not Path(parameters["source"]).is_relative_to(Path.cwd())


class LakeReader:
    """Runs statements in a process that stands in the folder of a lake table.

    Args:
        folder: the table's.
        memory_bytes: most memory of a statement.

    """

    def __init__(self, folder: str, memory_bytes: int) -> None:
        self.folder = folder
        self._process = subprocess.Popen(  # noqa: S603 - this Python, a module of ours
            [sys.executable, "-m", _MODULE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._tell({"folder": folder, "memory_bytes": memory_bytes})

    def rows(self, sql: str, parameters: Mapping[str, str]) -> list[list[Any]]:
        """Return all rows of a statement.

        Raises:
            VedetteError: what the engine says.
            UnavailableError: the process ended, most likely for lack of memory.

        """
        self._tell({"sql": sql, "parameters": dict(parameters)})
        line = self._pipe(self._process.stdout).readline()
        if not line:
            raise UnavailableError(_ENDED, remedy="see what it wrote; give it more memory")
        answer = json.loads(line)
        if "error" in answer:
            error = ConflictError if answer["changed"] else InvalidInputError
            raise error(answer["error"], field=answer["field"], remedy=answer["remedy"])
        rows: list[list[Any]] = answer["rows"]
        return rows

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            self._pipe(pipe).close()
        self._process.wait()

    def _tell(self, document: Mapping[str, Any]) -> None:
        pipe = self._pipe(self._process.stdin)
        try:
            pipe.write(json.dumps(document) + "\n")
            pipe.flush()
        except BrokenPipeError as error:
            raise UnavailableError(_ENDED, remedy="see what it wrote") from error

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe  # noqa: S101 - both are pipes
        return pipe


def main() -> None:
    """Answer one statement a line, until there are no more."""
    from vedette.data.profiling.engine import LocalEngine  # noqa: PLC0415 - it imports this module

    job = json.loads(sys.stdin.readline())
    os.chdir(job["folder"])
    with LocalEngine(memory_bytes=job["memory_bytes"]) as engine:
        for line in sys.stdin:
            asked = json.loads(line)
            try:
                answer: dict[str, Any] = {"rows": engine.rows(asked["sql"], asked["parameters"])}
            except VedetteError as error:
                answer = {
                    "changed": isinstance(error, ConflictError), "error": error.message,
                    "field": error.field, "remedy": error.remedy,
                }  # fmt: skip
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
