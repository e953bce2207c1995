"""From a line of a log file to the fields of an OpenTelemetry log record.

JSON lines give up their time, level, message, trace and span under the names that common loggers
use; the rest become attributes. Plain lines keep their text; time and level are taken from it
where they stand at the beginning in a usual form.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vedette.core.severity import NUMBERS

_TIME_KEYS = ("timestamp", "@timestamp", "time", "ts", "datetime", "date", "t", "asctime")
_LEVEL_KEYS = ("level", "severity", "levelname", "log.level", "severity_text", "lvl", "loglevel")
_MESSAGE_KEYS = ("message", "msg", "body", "event", "log", "text")
_TRACE_KEYS = ("trace_id", "traceId", "traceID", "trace.id", "otelTraceID", "traceid")
_SPAN_KEYS = ("span_id", "spanId", "spanID", "span.id", "otelSpanID", "spanid")
_TRACE_DIGITS, _SPAN_DIGITS = 32, 16
_MAX_ATTRIBUTES = 128
_MAX_DEPTH = 8
_INT64 = 2**63
_FARTHEST_S = 2**63 // 10**9  # in 2262, the last second of signed 64-bit nanoseconds
_LOOK_AT = 256

_SEVERITY_TEXTS = {
    1: "TRACE",
    5: "DEBUG",
    9: "INFO",
    10: "INFO2",
    13: "WARN",
    17: "ERROR",
    21: "FATAL",
}
# Level numbers in JSON lines are those of pino and Bunyan.
_PINO_LEVELS = {"10": 1, "20": 5, "30": 9, "40": 13, "50": 17, "60": 21}
_WORDS = "|".join(sorted(NUMBERS, key=len, reverse=True))
# Upper case anywhere near the start; lower case only where its place makes it a level.
_LEVEL_WORD = re.compile(rf"(?<![A-Za-z0-9_])({_WORDS.upper()})(?![A-Za-z0-9_])")
_LEVEL_PLACE = re.compile(
    rf"(?:\b(?:level|severity|lvl)[=:]\s*\"?|[\[<(])({_WORDS})(?![a-z0-9_])", re.IGNORECASE
)
_GLOG = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d")
_GLOG_SEVERITIES = {"I": 9, "W": 13, "E": 17, "F": 21}
_ISO_START = re.compile(
    r"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d)?)"
)
_CLF = re.compile(r"\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]")


@dataclass(slots=True)
class LogLine:
    """What a line says; a field that it does not say is empty."""

    body: str
    time_ns: int = 0
    """Unix time in nanoseconds; 0 when the line has none."""
    severity_number: int = 0
    severity_text: str = ""
    trace_id: bytes = b""
    span_id: bytes = b""
    attributes: dict[str, str | bool | int | float] = field(default_factory=dict)


def parse_line(text: str, form: str = "auto") -> LogLine:
    """Parse one record.

    Args:
        text: the line, or the lines of a multi-line record, without the last line break.
        form: ``json``, ``plain``, or ``auto`` (JSON where the text is a JSON object). A line that
            is not JSON is plain in either case; nothing is ever left out.

    """
    if form != "plain" and text.lstrip()[:1] == "{":
        try:
            members = json.loads(text)
        except (ValueError, RecursionError):
            members = None
        if isinstance(members, dict):
            return _from_json(members, text)
    return _from_plain(text)


def _from_json(members: dict[str, Any], text: str) -> LogLine:
    flat: dict[str, Any] = {}
    _flatten("", members, flat, 0)
    line = LogLine("")
    line.time_ns = _take(flat, _TIME_KEYS, moment_ns) or 0
    line.severity_number, line.severity_text = _take(flat, _LEVEL_KEYS, _level) or (0, "")
    line.trace_id = _take(flat, _TRACE_KEYS, lambda value: _hex(value, _TRACE_DIGITS)) or b""
    line.span_id = _take(flat, _SPAN_KEYS, lambda value: _hex(value, _SPAN_DIGITS)) or b""
    line.body = _take(flat, _MESSAGE_KEYS, lambda v: v if isinstance(v, str) else None) or text
    for name, value in list(flat.items())[:_MAX_ATTRIBUTES]:
        line.attributes[name] = value
    return line


def _flatten(prefix: str, value: Any, flat: dict[str, Any], depth: int) -> None:  # noqa: ANN401 - JSON
    """Write nested objects as dotted names; lists and what is too deep as JSON text."""
    if isinstance(value, dict) and depth < _MAX_DEPTH:
        for name, member in value.items():
            _flatten(f"{prefix}.{name}" if prefix else name, member, flat, depth + 1)
    elif isinstance(value, (dict, list)):
        flat[prefix] = json.dumps(value)
    elif (isinstance(value, float) and not math.isfinite(value)) or (
        isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _INT64
    ):
        flat[prefix] = str(value)
    elif value is not None:
        flat[prefix] = value


def _take(flat: dict[str, Any], names: tuple[str, ...], read: Any) -> Any:  # noqa: ANN401 - JSON
    """Remove and return the first of these members that can be read."""
    for name in names:
        if name in flat:
            value = read(flat[name])
            if value is not None:
                del flat[name]
                return value
    return None


def _level(value: object) -> tuple[int, str] | None:
    word = "" if isinstance(value, bool) else str(value).strip().lower()
    if word in NUMBERS:
        return NUMBERS[word], word.upper()
    number = _PINO_LEVELS.get(word)
    return None if number is None else (number, _SEVERITY_TEXTS[number])


def _hex(value: object, digits: int) -> bytes | None:
    """Return an id, left-padded with zeros as 64-bit tracers need; None where it is none."""
    if not isinstance(value, str):
        return None
    text = value.removeprefix("0x").replace("-", "")
    if not text or len(text) > digits or not re.fullmatch(r"[0-9a-fA-F]+", text):
        return None
    found = bytes.fromhex(text.rjust(digits, "0"))
    return found if any(found) else None


def moment_ns(value: object) -> int | None:
    """Return Unix nanoseconds of a JSON time: RFC 3339 text, or a number in s, ms, us or ns.

    A text without a zone is in this machine's zone, as loggers write it.
    """
    if isinstance(value, str):
        text = value.strip()
        if not re.fullmatch(r"\d+(\.\d+)?", text):
            return _iso_ns(text)
        value = float(text) if "." in text else int(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if value <= 0 or (isinstance(value, float) and not math.isfinite(value)):
        return None
    for least, to_ns in ((1e17, 1), (1e14, 1_000), (1e11, 1_000_000), (0, 1_000_000_000)):
        if value >= least:
            # A float holds microseconds of a present time and no more.
            exact = isinstance(value, int) or to_ns == 1
            moment = int(value) * to_ns if exact else round(value * to_ns / 1000) * 1000
            return moment if moment < _FARTHEST_S * 10**9 else None
    return None


def _iso_ns(text: str) -> int | None:
    # A space before the zone and a comma before the fraction are usual and not ISO 8601.
    text = re.sub(r" (?=[+-]\d\d:?\d\d$)", "", text).replace(",", ".")
    try:
        moment = datetime.fromisoformat(text)
        seconds = moment.timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    if not 0 < seconds < _FARTHEST_S:
        return None
    return int(moment.replace(microsecond=0).timestamp()) * 10**9 + moment.microsecond * 1000


def _from_plain(text: str) -> LogLine:
    start = text[:_LOOK_AT]
    line = LogLine(text)
    stamp = _ISO_START.match(start)
    if stamp:
        line.time_ns = _iso_ns(stamp[1]) or 0
    elif (stamp := _CLF.search(start)) is not None:
        try:
            moment = datetime.strptime(stamp[1], "%d/%b/%Y:%H:%M:%S %z")
            line.time_ns = int(moment.timestamp()) * 10**9
        except (ValueError, OverflowError):
            line.time_ns = 0
    line.severity_number = _guess_severity(start, text)
    line.severity_text = _SEVERITY_TEXTS.get(line.severity_number, "")
    return line


def _guess_severity(start: str, text: str) -> int:
    """Guess from a level word near the start; a Python traceback is an error. 0: no guess."""
    found = _LEVEL_PLACE.search(start) or _LEVEL_WORD.search(start)
    if found:
        return NUMBERS[found[1].lower()]
    glog = _GLOG.match(start)
    if glog:
        return _GLOG_SEVERITIES[glog[1]]
    return NUMBERS["error"] if "Traceback (most recent call last):" in text else 0
