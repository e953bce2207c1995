"""Running Python code in a process of its own, which imports what the tests do."""

from __future__ import annotations

import os
import subprocess
import sys

SECONDS = 120


def output_of(code: str) -> str:
    """Return what the code prints; an error of it is one of the test."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, env=environment, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
