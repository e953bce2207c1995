"""The committed assets: made of the committed source, small enough, and without source maps."""

from __future__ import annotations

import gzip
import importlib.util
import re
from pathlib import Path

import pytest

from vedette.console.assets import Assets

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "src" / "vedette" / "console" / "assets"
MOST_AT_START = 250 * 1024
"""What a browser loads before it shows the first page, by gzip."""
MOST_IN_ALL = 3 * 1024 * 1024


def source_hash() -> str:
    path = ROOT / "console" / "tools" / "source_hash.py"
    spec = importlib.util.spec_from_file_location("source_hash", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.source_hash()


def test_the_assets_are_made_of_this_source():
    built = (ASSETS / "source.sha256").read_text().strip()
    assert built == source_hash(), "console/ has changed: run 'make console' and commit the assets"


def test_the_assets_keep_to_their_budget():
    files = {path: path.read_bytes() for path in ASSETS.rglob("*") if path.is_file()}
    assert sum(map(len, files.values())) <= MOST_IN_ALL
    page = (ASSETS / "index.html").read_text()
    first = set(re.findall(r'(?:src|href)="\./([^"]+\.(?:js|css))"', page))
    assert first
    size = sum(len(gzip.compress(files[ASSETS / name], 9)) for name in first)
    assert size <= MOST_AT_START


def test_nothing_but_assets_is_shipped():
    kinds = {path.suffix for path in ASSETS.rglob("*") if path.is_file()}
    assert kinds <= {".js", ".css", ".html", ".svg", ".sha256"}
    for path in ASSETS.rglob("*.js"):
        assert "sourceMappingURL" not in path.read_text()


@pytest.mark.parametrize("path", ["index.html", "color-scheme.js", "icon.svg", "assets/index.js"])
def test_what_the_page_names_is_served(path):
    assert Assets().get(path).body
