"""Child processes of the demo: started, watched and ended by their process id."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_TERMINATE_S = 30.0
_LAST_LINES = 15


class Child:
    """One process; its output goes to a file.

    It is a process group of its own, so that Ctrl-C reaches only the demo, which ends the
    children in order. Its standard input is a pipe that closes when the demo dies.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        environ: Mapping[str, str],
        log: Path,
        keep_output: bool = False,
    ) -> None:
        """Start the process.

        Args:
            name: what it is called in messages.
            command: program and arguments.
            folder: its working folder.
            environ: its whole environment.
            log: file that standard error is appended to, and standard output unless ``keep_output``.
            keep_output: leave standard output to be read from ``process.stdout``.

        """
        self.name = name
        self.log = log
        with log.open("ab") as file:
            self.process = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                cwd=folder,
                env=dict(environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if keep_output else file,
                stderr=file,
                start_new_session=True,
            )

    def ended(self) -> int | None:
        """Return the exit status, None while it runs."""
        return self.process.poll()

    def wait(self, timeout: float) -> int | None:
        """Wait for its own end; None when it still runs after ``timeout`` seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(timeout)
        return None

    def stop(self) -> int:
        """Ask it to end, and end it where it does not; returns the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        status = self.wait(_TERMINATE_S)
        if status is None:
            self.process.kill()
            status = self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        return status

    def last_lines(self) -> str:
        """Return the end of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-_LAST_LINES:])
