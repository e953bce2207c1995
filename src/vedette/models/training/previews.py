"""Artifacts of runs and models: what folders hold, and files as far as a page can show them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import orjson

from vedette.core.errors import InvalidInputError
from vedette.models.artifacts import ArtifactInfo, proxied_path, safe_path
from vedette.models.tracking.logged_models import LoggedModels
from vedette.models.tracking.runs import Runs

if TYPE_CHECKING:
    from vedette.models.artifacts import ArtifactStore
    from vedette.models.context import Caller

Owner = Literal["run", "logged_model"]
Kind = Literal["text", "json", "table", "image", "html", "binary"]
MAX_TEXT_BYTES = 512 * 1024
MAX_TABLE_ROWS = 500
MAX_TABLE_COLUMNS = 100
_IMAGES = {"png", "jpg", "jpeg", "gif", "webp", "svg", "bmp"}
_TABLES = {"csv": ",", "tsv": "\t"}
_HTML = {"html", "htm"}


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder holds; ``uri`` is where the owner's files are."""

    uri: str
    path: str
    files: Sequence[ArtifactInfo]


@dataclass(frozen=True, slots=True)
class Preview:
    """A file as a page can show it.

    Attributes:
        size: bytes of the whole file.
        truncated: whether there is more than is shown.
        text: of a text, JSON (put in order) or HTML.
        columns: names of a table's columns, from its first row.
        rows: of a table.

    """

    path: str
    kind: Kind
    size: int
    truncated: bool
    text: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


def root_of(caller: Caller, owner: Owner, identity: str) -> tuple[str, str]:
    """Return where an owner's files are: the URI, and the path in the account's store.

    Raises:
        NotFoundError: there is no such owner.
        InvalidInputError: its files are where this server does not reach.

    """
    if owner == "run":
        uri = Runs(caller).info(identity).artifact_uri
    else:
        uri = LoggedModels(caller).get(identity).artifact_uri
    root = proxied_path(uri)
    if root is None:
        raise InvalidInputError(
            f"the artifacts are at {uri[:200]}, which clients reach and this server does not",
            field="owner",
            remedy="list them with the client",
        )
    return uri, root


def list_folder(
    caller: Caller, store: ArtifactStore, owner: Owner, identity: str, path: str
) -> Folder:
    """Return what a folder of an owner holds, by name."""
    uri, root = root_of(caller, owner, identity)
    folder = safe_path(path, empty=True)
    return Folder(uri, folder, store.list(caller.account, f"{root}/{folder}" if folder else root))


def preview(
    caller: Caller, store: ArtifactStore, owner: Owner, identity: str, path: str
) -> Preview:
    """Return a file as a page can show it; of a long one the beginning."""
    _, root = root_of(caller, owner, identity)
    short = safe_path(path)
    size, pieces = store.read(caller.account, f"{root}/{short}")
    name = short.rpartition("/")[2]
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending in _IMAGES:
        return Preview(short, "image", size, truncated=False, text="")
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > MAX_TEXT_BYTES:
            break
    truncated = len(data) > MAX_TEXT_BYTES
    head = bytes(data[:MAX_TEXT_BYTES])
    text = _decoded(head, truncated=truncated)
    if text is None:
        return Preview(short, "binary", size, truncated=False, text="")
    if ending in _TABLES:
        return _table(short, size, text, _TABLES[ending], truncated=truncated)
    if ending == "json" and not truncated:
        return _json(short, size, text)
    kind: Kind = "html" if ending in _HTML else "text"
    return Preview(short, kind, size, truncated, text)


def _decoded(data: bytes, *, truncated: bool) -> str | None:
    """Return a text, or None for what is none; a cut may go through a character."""
    if b"\x00" in data:
        return None
    for cut in range(4 if truncated else 1):
        try:
            return data[: len(data) - cut].decode()
        except UnicodeDecodeError:
            continue
    return None


def _json(path: str, size: int, text: str) -> Preview:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return Preview(path, "text", size, truncated=False, text=text)
    if table := _mlflow_table(document):
        columns, rows = table
        return Preview(
            path, "table", size, len(rows) > MAX_TABLE_ROWS, "", columns, rows[:MAX_TABLE_ROWS]
        )
    shown = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    return Preview(path, "json", size, truncated=False, text=shown)


def _mlflow_table(document: object) -> tuple[list[str], list[list[str]]] | None:
    """Return what ``mlflow.log_table`` wrote, ``{"columns", "data"}``, as texts."""
    if not isinstance(document, dict) or set(document) != {"columns", "data"}:
        return None
    columns, data = document["columns"], document["data"]
    if not isinstance(columns, list) or not isinstance(data, list):
        return None
    if not all(isinstance(row, list) and len(row) == len(columns) for row in data):
        return None
    names = [_shown(name) for name in columns[:MAX_TABLE_COLUMNS]]
    return names, [
        [_shown(value) for value in row[:MAX_TABLE_COLUMNS]] for row in data[: MAX_TABLE_ROWS + 1]
    ]


def _shown(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def _table(path: str, size: int, text: str, delimiter: str, *, truncated: bool) -> Preview:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            rows.append(row[:MAX_TABLE_COLUMNS])
            if len(rows) > MAX_TABLE_ROWS + 1:
                break
    except csv.Error:
        return Preview(path, "text", size, truncated, text)
    if not rows:
        return Preview(path, "text", size, truncated, text)
    more = truncated or len(rows) > MAX_TABLE_ROWS + 1
    width = max(len(row) for row in rows)
    padded = [[*row, *[""] * (width - len(row))] for row in rows]
    return Preview(path, "table", size, more, "", padded[0], padded[1 : MAX_TABLE_ROWS + 1])
