"""The documents: their commands run against a real server, their links and tables are true."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer.main

from support.server import Server
from vedette.cli.main import app
from vedette.core.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ALL_PAGES = [
    *PAGES,
    *(ROOT / name for name in ("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs" / "adr").glob("*.md")),
]
BLOCK = re.compile(
    r"(?:^<!-- (?P<note>not run|fails): (?P<why>.+?) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s]+)\)")
SECONDS = 60


@dataclass(frozen=True)
class Block:
    kind: str
    text: str
    note: str | None
    line: int


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(m["kind"], m["text"], m["note"], text.count("\n", 0, m.start("text")) + 1)
        for m in BLOCK.finditer(text)
        if m["kind"] in {"sh", "python"}
    ]


def runnable(page: Path) -> list[Block]:
    return [block for block in blocks_of(page) if block.note != "not run"]


@pytest.fixture(scope="module")
def docs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("docs") / "data") as server:
        yield server


@pytest.fixture
def environment(docs_server: Server, tmp_path: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VEDETTE_", "OTEL_"))}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
        "VEDETTE_ENDPOINT": docs_server.url,
        "VEDETTE_API_KEY": docs_server.key,
        "VEDETTE_SPOOL_DIR": str(tmp_path / "spool"),
        "VEDETTE_OTLP_HTTP_PORT": "0",
        "VEDETTE_OTLP_GRPC_PORT": "0",
        "VEDETTE_PORT": "0",
    }


@pytest.mark.parametrize(
    "page", [page for page in PAGES if runnable(page)], ids=lambda page: page.name
)
def test_the_blocks_of_a_page_run_in_order(
    page: Path, docs_server: Server, environment: dict[str, str], tmp_path: Path
) -> None:
    assert shutil.which("curl"), "the documents use curl"
    for block in runnable(page):
        text = block.text.replace("http://127.0.0.1:8230", docs_server.url)
        command = ["bash", "-euo", "pipefail", "-c", text]
        if block.kind == "python":
            command = [sys.executable, "-c", text]
        done = subprocess.run(
            command,
            check=False,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        failed = done.returncode != 0
        assert failed == (block.note == "fails"), (
            f"{page.name}:{block.line} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        )


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name}: {target} is not there"
        if anchor:
            assert anchor in anchors(file), f"{page.name}: {target} has no such heading"


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_settings_table_has_every_setting_and_its_default() -> None:
    text = (ROOT / "docs" / "operate.md").read_text().split("## Settings")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `VEDETTE_(\w+)` \| `?([^`|]*?)`? \|", text, re.MULTILINE))
    defaults = {
        name.upper(): "" if field.default is None else str(field.default)
        for name, field in Settings.model_fields.items()
    }
    assert {name: value.strip() for name, value in rows.items()} == defaults


def commands_in(page: Path) -> Iterator[list[str]]:
    text = page.read_text()
    lines = [line for block in blocks_of(page) for line in block.text.splitlines()]
    for line in [*lines, *re.findall(r"`(vedette [^`\n]+)`", text)]:
        words = shlex.split(line.partition(" #")[0]) if "vedette " in line else []
        if "vedette" in words:
            yield words[words.index("vedette") + 1 :]


def test_every_command_and_option_in_the_documents_exists() -> None:
    named = set()
    root = typer.main.get_command(app)
    for page in ALL_PAGES:
        for words in commands_in(page):
            command = root
            rest = list(words)
            # A group may be named alone.
            while rest and hasattr(command, "commands"):
                assert rest[0] in command.commands, f"{page.name}: vedette {' '.join(words)}"
                command = command.commands[rest.pop(0)]
            known = {"--help"} | {option for p in command.params for option in p.opts}
            given = {
                word.partition("=")[0] for word in rest if re.fullmatch(r"--[a-z-]+=?.*", word)
            }
            assert given <= known, f"{page.name}: vedette {' '.join(words)}"
            named.add(words[0])
    assert {"up", "demo", "query", "logs", "keys", "doctor", "backup", "restore"} <= named


def test_paths_in_the_architecture_are_there() -> None:
    for name in ("ARCHITECTURE.md", "CONTRIBUTING.md"):
        for path in re.findall(r"`((?:src|tests|docs)/[\w./-]+)`", (ROOT / name).read_text()):
            assert (ROOT / path).exists(), f"{name} names {path}"
