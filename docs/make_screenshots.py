# ruff: noqa: INP001 - a script beside the documents, not a package
"""Make the README's pictures: run real commands against a server and export what they print.

Needs a running server with data (``vedette demo``), ``VEDETTE_ENDPOINT`` and ``VEDETTE_API_KEY``:
``python docs/make_screenshots.py``.
"""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS = 110
IMAGES = Path(__file__).parent / "images"
PICTURES = {
    "terminal": (
        "vedette logs 'level:>=warn' --limit 6",
        'vedette query "stats count(*) as records by service, level | sort records desc | limit 6"',
        'vedette query --spans "stats count(*) as calls, pct(duration, 95) as p95_ms by service, '
        'name | sort p95_ms desc | limit 6"',
    ),
}


def main() -> None:
    """Write ``docs/images/<name>.svg`` for each picture."""
    folder = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": str(COLUMNS),
        "FORCE_COLOR": "1",
    }
    IMAGES.mkdir(exist_ok=True)
    for name, commands in PICTURES.items():
        console = Console(record=True, width=COLUMNS, file=io.StringIO())
        for command in commands:
            console.print(f"[bold green]$[/] {command}", highlight=False)
            shown = subprocess.run(  # noqa: S603 - the commands above
                shlex.split(command), env=environment, capture_output=True, text=True, check=True
            )
            console.print(Text.from_ansi(shown.stdout))
        console.save_svg(str(IMAGES / f"{name}.svg"), title="vedette")


if __name__ == "__main__":
    main()
