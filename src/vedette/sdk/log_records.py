"""Records of a log file: bytes into lines, lines into records, records into an OTLP request."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from vedette.sdk.log_lines import LogLine, parse_line

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

SCOPE = "vedette.agent"
MAX_RECORD_LINES = 4
"""A multi-line record holds this many times the longest line's bytes at most."""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record as it stands in the file, without its last line break."""

    data: bytes
    is_truncated: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """What ``split`` made of a piece of a file."""

    records: list[RawRecord]
    consumed: int
    """Bytes that belong to ``records`` or are left out; the rest is to be read again."""
    skip: bool
    """Whether the file goes on inside a line that was cut, up to its line break."""


def split(
    data: bytes,
    *,
    max_line_bytes: int,
    start: re.Pattern[bytes] | None = None,
    skip: bool = False,
    idle: bool = False,
    final: bool = False,
) -> Split:
    """Split a piece of a file into whole records.

    Args:
        data: bytes from where the last piece was consumed.
        max_line_bytes: a longer line is cut there and marked; its rest is left out.
        start: what the first line of a record matches; None makes every line a record.
        skip: whether the piece begins inside a line that was cut.
        idle: nothing was written for a while, so a multi-line record is taken to be whole.
        final: nothing will be written any more, so even a line without its break is taken.

    """
    position = 0
    if skip:
        end = data.find(b"\n")
        if end < 0:
            return Split([], len(data), skip=True)
        position = end + 1
    lines, position, skip = _lines(data, position, max_line_bytes, final=final)
    if start is None:
        return Split([RawRecord(line, cut) for line, cut, _ in lines], position, skip)
    groups = _Groups(start, max_line_bytes * MAX_RECORD_LINES)
    for line, cut, begin in lines:
        groups.add(line, begin, is_cut=cut)
    if idle or final or skip:
        groups.finish()
    return Split(groups.done, position if groups.begin is None else groups.begin, skip)


def _lines(
    data: bytes, position: int, max_line_bytes: int, *, final: bool
) -> tuple[list[tuple[bytes, bool, int]], int, bool]:
    """Return (line, was cut, begin) of each line, the end of the last, and whether to skip."""
    lines: list[tuple[bytes, bool, int]] = []
    while position < len(data):
        end = data.find(b"\n", position)
        if end < 0:
            rest = len(data) - position
            if rest > max_line_bytes:
                lines.append((data[position : position + max_line_bytes], True, position))
                return lines, len(data), not final
            if final:
                lines.append((data[position:], False, position))
                return lines, len(data), False
            break
        line = data[position:end].removesuffix(b"\r")
        lines.append((line[:max_line_bytes], len(line) > max_line_bytes, position))
        position = end + 1
    return lines, position, False


class _Groups:
    """Joins lines up to the next start line."""

    def __init__(self, start: re.Pattern[bytes], max_bytes: int) -> None:
        self._start = start
        self._max_bytes = max_bytes
        self._lines: list[bytes] = []
        self._bytes = 0
        self._is_cut = False
        self.begin: int | None = None
        self.done: list[RawRecord] = []

    def add(self, line: bytes, begin: int, *, is_cut: bool) -> None:
        if self._start.search(line) or self.begin is None or self._bytes > self._max_bytes:
            self.finish()
            self.begin = begin
        self._lines.append(line)
        self._bytes += len(line) + 1
        self._is_cut = self._is_cut or is_cut

    def finish(self) -> None:
        if self.begin is not None:
            self.done.append(RawRecord(b"\n".join(self._lines), self._is_cut))
        self._lines, self._bytes, self._is_cut, self.begin = [], 0, False, None


def encode_file(
    records: Iterable[RawRecord],
    *,
    path: str,
    form: str,
    encoding: str,
    resource: Mapping[str, str | bool | int | float],
    attributes: Mapping[str, str | bool | int | float],
) -> bytes:
    """Return an encoded ExportLogsServiceRequest of records of one file.

    Every record has ``log.file.path`` and ``log.file.name``; a cut one has
    ``vedette.log.truncated``. Bytes that ``encoding`` has no character for become U+FFFD.
    """
    common = {"log.file.path": path, "log.file.name": PurePath(path).name, **attributes}
    now = time.time_ns()
    encoded = []
    for record in records:
        text = record.data.decode(encoding, "replace")
        line = parse_line(text, form)
        line.attributes = common | line.attributes
        if record.is_truncated:
            line.attributes["vedette.log.truncated"] = True
        encoded.append(encode_record(line, now))
    return encode_request(encoded, resource)


def encode_request(
    records: Iterable[LogRecord], resource: Mapping[str, str | bool | int | float]
) -> bytes:
    """Return an encoded ExportLogsServiceRequest of one resource."""
    request = ExportLogsServiceRequest()
    logs = request.resource_logs.add()
    logs.resource.attributes.extend(key_value(name, value) for name, value in resource.items())
    scope = logs.scope_logs.add()
    scope.scope.name = SCOPE
    scope.log_records.extend(records)
    body: bytes = request.SerializeToString()
    return body


def encode_record(line: LogLine, observed_ns: int, event_name: str = "") -> LogRecord:
    """Return one record; a line without a time has only the time it was seen at."""
    return LogRecord(
        time_unix_nano=line.time_ns or observed_ns,
        observed_time_unix_nano=observed_ns,
        severity_number=line.severity_number,  # type: ignore[arg-type]  # the enum's numbers
        severity_text=line.severity_text,
        body=AnyValue(string_value=_utf8(line.body)),
        attributes=[key_value(name, value) for name, value in line.attributes.items()],
        trace_id=line.trace_id,
        span_id=line.span_id,
        event_name=event_name,
    )


def key_value(name: str, value: str | bool | float) -> KeyValue:  # noqa: FBT001 - a value, not a flag
    """Return one attribute."""
    if isinstance(value, bool):
        return KeyValue(key=_utf8(name), value=AnyValue(bool_value=value))
    if isinstance(value, int):
        return KeyValue(key=_utf8(name), value=AnyValue(int_value=value))
    if isinstance(value, float):
        return KeyValue(key=_utf8(name), value=AnyValue(double_value=value))
    return KeyValue(key=_utf8(name), value=AnyValue(string_value=_utf8(str(value))))


def _utf8(text: str) -> str:
    """Replace what UTF-8 cannot hold: JSON may escape half of a surrogate pair."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
