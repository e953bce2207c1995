"""Print one hash of everything that the console's build depends on.

The build writes it beside the assets; a test compares it, so that no change of the source is
committed without the assets made of it.
"""

import hashlib
from pathlib import Path

CONSOLE = Path(__file__).resolve().parents[1]
FILES = ("index.html", "package.json", "package-lock.json", "postcss.config.cjs", "vite.config.ts")
FOLDERS = ("public", "src")
GENERATED = {CONSOLE / "src" / "api" / "schema.d.ts"}
"""Made from the server's OpenAPI document; types alone, nothing of them is in the build."""


def source_hash() -> str:
    """Return the SHA-256 over names and contents, in order of the names."""
    found = {CONSOLE / name for name in FILES}
    found |= {path for name in FOLDERS for path in (CONSOLE / name).rglob("*") if path.is_file()}
    total = hashlib.sha256()
    for path in sorted(found - GENERATED):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(CONSOLE).as_posix()} {content}\n".encode())
    return total.hexdigest()


if __name__ == "__main__":
    print(source_hash())
