"""Where data is: frames in memory, files, object stores, databases, lake tables; read in place."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from vedette.core.errors import InvalidInputError
from vedette.data.profiling.object_stores import s3_arguments

FRAME = "vedette_frame"
"""Variable by which the engine finds a frame: it looks through the calling Python frames."""
_LAKES = {"iceberg": ("icebergLocal", "icebergS3"), "delta": ("deltaLakeLocal", "deltaLake")}
_HUDI = "hudi"
_OBJECT_STORES = ("s3", "gs", "gcs", "oss", "az", "abfss")
_DATABASES = {"postgresql": 5432, "postgres": 5432, "mysql": 3306}
_FORMATS = "Parquet, CSV, TSV, JSON, JSON lines, Arrow, ORC or Avro"


@dataclass(frozen=True, slots=True)
class Source:
    """Data that the engine can read.

    Attributes:
        expression: what stands after FROM.
        label: what people see; holds no password.
        frame: the frame in memory, None where the data is elsewhere.
        files: local files, to notice a change while they are read.
        parameters: values of the expression's parameters.
        notes: what people have to know of how it is read.

    """

    expression: str
    label: str
    frame: Any = None
    files: tuple[Path, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def fingerprint(self) -> tuple[tuple[str, int, int], ...]:
        """Return sizes and times of the local files, which change when they are written."""
        stats = [(str(file), file.stat()) for file in self.files if file.exists()]
        return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def source_of(data: Any) -> Source:  # noqa: ANN401 - a frame of any library, or a name
    """Return the source that a frame, path or URL stands for.

    Args:
        data: a pandas or Polars frame, an Arrow table, a mapping of columns, a path (globs are
            fine), or a URL: ``s3://bucket/x.parquet``, ``https://...``,
            ``postgresql://user:password@host/database/table`` (or ``schema.table``),
            ``mysql://...``, ``iceberg:PATH``, ``delta:PATH``.

    Raises:
        InvalidInputError: it is none of these.

    """
    if isinstance(data, str | os.PathLike):
        return _named(os.fspath(data))
    return _in_memory(data)


def _in_memory(data: Any) -> Source:  # noqa: ANN401 - checked here
    module = type(data).__module__.partition(".")[0]
    if module == "polars" and type(data).__name__ != "Series":
        data = _of_polars(data.collect() if hasattr(data, "collect") else data)
    elif isinstance(data, Mapping):
        data = _of_mapping(data)
    elif module == "pyarrow":
        if type(data).__name__ == "RecordBatch":
            import pyarrow as pa  # noqa: PLC0415 - only where it is needed

            data = pa.Table.from_batches([data])
        data = _in_utc(data) if type(data).__name__ == "Table" else data
    elif module == "pandas" and hasattr(data, "columns"):
        data = _with_lists(_with_known_zones(_with_own_names(_with_text_names(data))))
    else:
        raise InvalidInputError(
            f"{type(data).__name__} is not data that can be profiled",
            field="data",
            remedy="give a pandas or Polars frame, an Arrow table, a path or a URL",
        )
    return Source(f"Python({FRAME})", "a frame in memory", frame=data)


def _of_mapping(data: Mapping[Any, Any]) -> Any:  # noqa: ANN401 - an Arrow table
    import pyarrow as pa  # noqa: PLC0415 - only where it is needed

    try:
        return pa.table({str(name): values for name, values in data.items()})
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InvalidInputError(
            f"the columns make no table: {error}",
            field="data",
            remedy="give lists of one length, each of values of one type",
        ) from error


def _of_polars(frame: Any) -> Any:  # noqa: ANN401 - a Polars frame, and an Arrow table
    """Return a frame as the engine reads it; Arrow has no integers of 128 bits, and no objects."""
    wide = [name for name, kind in frame.schema.items() if str(kind) in {"Int128", "UInt128"}]
    if held := [name for name, kind in frame.schema.items() if str(kind) == "Object"]:
        raise InvalidInputError(
            f"{held[0]} holds Python objects",
            field="data",
            remedy="convert them to text or numbers, or leave the column out",
        )
    if wide:
        pl = import_module("polars")
        try:
            frame = frame.with_columns(pl.col(wide).cast(pl.Decimal(38, 0)))
        except pl.exceptions.PolarsError as error:
            raise InvalidInputError(
                f"{', '.join(wide)} have integers of more than 38 digits",
                field="data",
                remedy="convert them to Float64 or text",
            ) from error
    return _in_utc(frame.to_arrow())


def _with_text_names(frame: Any) -> Any:  # noqa: ANN401 - a pandas frame
    if all(isinstance(name, str) for name in frame.columns):
        return frame
    names = [
        ".".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in frame.columns
    ]
    return frame.set_axis(names, axis="columns")


def _with_own_names(frame: Any) -> Any:  # noqa: ANN401 - a pandas frame
    """Return a frame that has columns, each of another name: the engine's errors do not say it."""
    if not len(frame.columns):
        raise InvalidInputError(
            "the frame has no columns", field="data", remedy="profile a frame with columns"
        )
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise InvalidInputError(
            f"two columns are called {str(repeated[0])!r}", field="data", remedy="rename one"
        )
    return frame


def _with_known_zones(frame: Any) -> Any:  # noqa: ANN401 - a pandas frame
    """Return a frame whose moments are in UTC: the engine knows no zone that is an offset."""
    zoned = {
        name: frame[name].dt.tz_convert("UTC")
        for name, kind in frame.dtypes.items()
        if getattr(kind, "tz", None) is not None
    }
    return frame.assign(**zoned) if zoned else frame


def _in_utc(table: Any) -> Any:  # noqa: ANN401 - an Arrow table
    """Do the same with an Arrow table."""
    import pyarrow as pa  # noqa: PLC0415 - only where it is needed

    for place, field_ in enumerate(table.schema):
        if pa.types.is_timestamp(field_.type) and field_.type.tz not in {None, "UTC"}:
            moments = table.column(place).cast(pa.timestamp(field_.type.unit, "UTC"))
            table = table.set_column(place, field_.name, moments)
    return table


def _with_lists(frame: Any) -> Any:  # noqa: ANN401 - a pandas frame
    """Return an Arrow table where a column holds lists, which the engine would read as text."""
    for name, kind in frame.dtypes.items():
        if str(kind) != "object":
            continue
        first = frame[name].first_valid_index()
        if first is None or not hasattr(frame[name][first], "__len__"):
            continue
        if isinstance(frame[name][first], str | bytes | dict):
            continue
        import pyarrow as pa  # noqa: PLC0415 - only where it is needed

        try:
            return pa.Table.from_pandas(frame, preserve_index=False)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            return frame
    return frame


def _named(text: str) -> Source:
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if colon and scheme in (*_LAKES, _HUDI):
        return _lake(scheme, rest)
    if "://" not in text:
        return _local(text)
    if scheme in _DATABASES:
        return _database(scheme, text)
    if scheme in _OBJECT_STORES:
        values = s3_arguments(text)
        return Source(f"s3({_listed(values)}{_format(text)})", _shown(text), parameters=values)
    if scheme in {"http", "https"}:
        return Source(
            f"url({{source:String}}{_format(text)})", _shown(text), parameters={"source": text}
        )
    if scheme == "file":
        return _local(unquote(urlsplit(text).path))
    raise InvalidInputError(
        f"{scheme}:// is not a source that can be read",
        field="source",
        remedy="use a path, s3://, https://, postgresql://, mysql://, iceberg: or delta:",
    )


def _listed(values: Mapping[str, str]) -> str:
    return ", ".join(f"{{{name}:String}}" for name in values)


def _local(text: str) -> Source:
    path = Path(text).expanduser()
    if path.is_dir():
        for scheme, mark in (("iceberg", "metadata"), ("delta", "_delta_log")):
            if (path / mark).is_dir():
                return _lake(scheme, str(path))
        return _files(path / "**" / "*.parquet")
    return _files(path)


def _files(path: Path) -> Source:
    path = path.absolute()
    if re.search(r"[*?{\[]", str(path)):
        anchor = Path(re.split(r"[*?{\[]", str(path), maxsplit=1)[0]).parent
        pattern = str(path.relative_to(anchor)).split("{", maxsplit=1)[0]
        found = sorted(file for file in anchor.glob(pattern or "*") if file.is_file())
    else:
        found = [path] if path.is_file() else []
    if not found:
        raise InvalidInputError(
            f"there is no file {path}",
            field="source",
            remedy=f"give the path of a file of {_FORMATS}",
        )
    return Source(
        f"file({{source:String}}{_format(str(path))})",
        str(path),
        files=tuple(found),
        parameters={"source": str(path)},
    )


def _format(name: str) -> str:
    """Return the format's argument where a name does not tell the engine enough.

    A CSV file has a header; the engine would take that of text columns alone for a row.
    """
    plain = re.sub(r"\.(gz|zst|bz2|xz|lz4|br)$", "", urlsplit(name).path.lower())
    for suffix, format_ in ((".csv", "CSVWithNames"), (".tsv", "TSVWithNames")):
        if plain.endswith(suffix):
            return f", '{format_}'"
    return ""


def _lake(scheme: str, place: str) -> Source:
    if scheme == _HUDI:
        return Source("hudi({source:String})", _shown(place), parameters={"source": place})
    local, remote = _LAKES[scheme]
    function = remote if "://" in place else local
    if "://" in place:
        values = s3_arguments(place)
    else:
        folder = Path(place).expanduser().resolve()
        values = {"source": str(folder)}
        if not folder.is_dir():
            raise InvalidInputError(
                f"there is no folder {folder}",
                field="source",
                remedy="give the folder of the table, in which its metadata are",
            )
    return Source(f"{function}({_listed(values)})", f"{scheme}:{_shown(place)}", parameters=values)


def _database(scheme: str, text: str) -> Source:
    parts = urlsplit(text)
    names = [unquote(part) for part in parts.path.split("/") if part]
    if not parts.hostname or len(names) != 2:  # noqa: PLR2004 - a database and a table
        raise InvalidInputError(
            "a database's URL needs a host, a database and a table",
            field="source",
            remedy=f"write {scheme}://user:password@host/database/table",
        )
    database, table = names
    function = "mysql" if scheme == "mysql" else "postgresql"
    schema, dot, name = table.rpartition(".")
    values = {
        "address": f"{parts.hostname}:{parts.port or _DATABASES[scheme]}",
        "database": database,
        "table": name if function == "postgresql" else table,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
    }
    if dot and function == "postgresql":
        values["schema"] = schema
    return Source(f"{function}({_listed(values)})", _shown(text), parameters=values)


def _shown(text: str) -> str:
    """Return a URL without user, password and query, where keys may be."""
    if "://" not in text:
        return text
    parts = urlsplit(text)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"
