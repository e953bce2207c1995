"""What the embedded store promises over processes: each case is a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

OPEN = """
import sys
from pathlib import Path
from vedette.core.errors import VedetteError
from vedette.core.settings import Settings
from vedette.store.warehouse import open_warehouse
try:
    warehouse = open_warehouse(Settings(data_dir=Path(sys.argv[1])))
except VedetteError as error:
    print(type(error).__name__, error.message, error.remedy, sep="|")
    sys.exit(7)
"""
ADD = """
warehouse.insert("otel_logs", [b'{"Account":"a","Body":"kept"}\\n'], "JSONEachRow", {})
print(warehouse.query("SELECT count() AS n FROM otel_logs").scalar())
"""
CLOSE = "warehouse.close()\nwarehouse.close()\n"
HOLD = "print('open', flush=True)\nsys.stdin.read()\n" + CLOSE
NEWER = """
warehouse.execute("INSERT INTO schema_migrations (Version, Name) VALUES (9999, 'later')")
"""


def run(script: str, folder: Path) -> tuple[int, str]:
    """Run a script in a process over a data folder; returns its status and output."""
    done = subprocess.run(
        [sys.executable, "-c", OPEN + script, str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout.strip()


def test_what_was_stored_is_there_after_reopening(tmp_path: Path) -> None:
    assert run(ADD + CLOSE, tmp_path) == (0, "1")
    assert run(ADD + CLOSE, tmp_path) == (0, "2")


def test_what_was_stored_is_there_after_a_crash(tmp_path: Path) -> None:
    crash = "import os, signal\nsys.stdout.flush()\nos.kill(os.getpid(), signal.SIGKILL)\n"
    assert run(ADD + crash, tmp_path) == (-9, "1")
    assert run(ADD + CLOSE, tmp_path) == (0, "2")


def test_a_second_process_is_told_who_has_the_store(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OPEN + HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "open\n"
        status, output = run(CLOSE, tmp_path)
        assert status == 7
        name, message, remedy = output.split("|")
        assert name == "StoreLockedError"
        assert f"(id {holder.pid})" in message
        assert "VEDETTE_DATA_DIR" in remedy
        holder.stdin.close()
        assert holder.wait(60) == 0
    assert run(CLOSE, tmp_path) == (0, "")


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    assert run(NEWER + CLOSE, tmp_path) == (0, "")
    status, output = run(CLOSE, tmp_path)
    assert status == 7
    name, message, remedy = output.split("|")
    assert name == "StoreError"
    assert "newer version" in message
    assert "9999" in message
    assert "upgrade" in remedy
