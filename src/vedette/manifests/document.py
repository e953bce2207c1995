"""Documents of files: YAML with ``kind``, ``metadata`` and ``spec``, several a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from vedette.core.errors import InvalidInputError, QuerySyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

API_VERSION = "vedette/v1"
MAX_DOCUMENTS = 5_000
MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 60
_MEMBERS = {"apiVersion", "kind", "metadata", "spec"}
_REMEDY = "write kind, metadata with a name, and spec"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file's name, for messages, and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One entity as it is to be.

    Attributes:
        kind: such as ``Alarm``.
        name: unique within the kind and account.
        labels: of its metadata.
        spec: what it is defined by.
        place: file and line, for messages.

    """

    kind: str
    name: str
    labels: Mapping[str, str]
    spec: Mapping[str, Any]
    place: str = ""


class _Loader(yaml.SafeLoader):
    """YAML without aliases, which let a small text become a huge one, and with unique keys."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401 - the library's own
        """Refuse aliases and deep nesting."""
        events: Any = self
        if events.check_event(yaml.AliasEvent):
            raise _Refused("aliases are not allowed: write the value out", events.peek_event())
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Refused("the text is nested too deeply", events.peek_event())
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - the library's own
        """Refuse a key that comes twice."""
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise _Refused(f"the key {key.value!r} comes twice", key)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


class _Refused(Exception):  # noqa: N818 - becomes an error with its place
    def __init__(self, message: str, at: Any) -> None:  # noqa: ANN401 - an event or a node
        super().__init__(message)
        self.message, self.mark = message, at.start_mark


@dataclass(frozen=True, slots=True)
class _Parsed:
    value: Any
    line: int


def read_documents(files: Sequence[SourceFile]) -> list[Document]:
    """Return the documents of some files, in order.

    Raises:
        QuerySyntaxError: a text is no YAML; ``position`` is the offset in it, and the message names
            file and line.
        InvalidInputError: a document is none, there are too many, or one comes twice.

    """
    if sum(len(file.text) for file in files) > MAX_BYTES:
        raise InvalidInputError(
            "the files are too large together", field="files", remedy="apply fewer at a time"
        )
    documents: list[Document] = []
    places: dict[tuple[str, str], str] = {}
    for file in files:
        for parsed in _parse(file):
            if parsed.value is None:
                continue
            document = _document(parsed.value, f"{file.name}:{parsed.line}")
            before = places.setdefault((document.kind, document.name), document.place)
            if before != document.place:
                raise InvalidInputError(
                    f"{document.place}: {document.kind} {document.name!r} is in {before} already",
                    field="files",
                    remedy="keep one of the two",
                )
            documents.append(document)
            if len(documents) > MAX_DOCUMENTS:
                raise InvalidInputError(
                    f"there are more than {MAX_DOCUMENTS} documents",
                    field="files",
                    remedy="apply fewer at a time",
                )
    return documents


def read_values(file: SourceFile) -> list[tuple[Any, int]]:
    """Return what a file's YAML documents hold, each with its line.

    Raises:
        QuerySyntaxError: the text is no YAML.

    """
    return [(parsed.value, parsed.line) for parsed in _parse(file) if parsed.value is not None]


def _parse(file: SourceFile) -> Iterator[_Parsed]:
    try:
        loader: Any = _Loader(file.text)
        try:
            while loader.check_node():
                node = loader.get_node()
                yield _Parsed(loader.construct_document(node), node.start_mark.line + 1)
        finally:
            loader.dispose()
    except _Refused as refused:
        raise _error(file, refused.message, refused.mark) from refused
    except yaml.MarkedYAMLError as error:
        raise _error(file, error.problem or "this is no YAML", error.problem_mark) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _error(file, f"this is no YAML: {error}"[:300], None) from error


def _error(file: SourceFile, message: str, mark: Any) -> QuerySyntaxError:  # noqa: ANN401 - the library's own
    line = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
    return QuerySyntaxError(
        f"{file.name}{line}: {message}",
        field="files",
        position=mark.index if mark else None,
        remedy="correct the file",
    )


def _document(value: Any, place: str) -> Document:  # noqa: ANN401 - whatever YAML holds
    if not isinstance(value, dict):
        raise _wrong(place, "a document is a mapping")
    if "groups" in value and "kind" not in value:
        raise InvalidInputError(
            f"{place}: this is a file of Prometheus rules",
            field="files",
            remedy="bring it over with 'vedette alarms import FILE'",
        )
    if unknown := sorted(map(str, value.keys() - _MEMBERS)):
        raise _wrong(place, f"{unknown[0]!r} is no member of a document")
    if value.get("apiVersion", API_VERSION) != API_VERSION:
        raise _wrong(place, f"apiVersion {value['apiVersion']!r} is not {API_VERSION}")
    metadata = value.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        raise _wrong(place, "metadata has no name")
    if unknown := sorted(map(str, metadata.keys() - {"name", "labels"})):
        raise _wrong(place, f"{unknown[0]!r} is no member of metadata")
    labels = metadata.get("labels") or {}
    if not isinstance(labels, dict):
        raise _wrong(place, "labels are a mapping")
    kind, spec = value.get("kind"), value.get("spec")
    if not isinstance(kind, str) or not isinstance(spec, dict):
        raise _wrong(place, "a document has a kind and a spec")
    texts = {str(key): _label(one) for key, one in labels.items()}
    return Document(kind, metadata["name"], texts, spec, place)


def _label(value: Any) -> str:  # noqa: ANN401 - a scalar of YAML
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wrong(place: str, message: str) -> InvalidInputError:
    return InvalidInputError(f"{place}: {message}", field="files", remedy=_REMEDY)
