"""How each construct of the query languages is said in SQL, signal by signal.

The one place to change when a table gets another index: every condition on words, phrases,
attributes, levels and time is written here and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from vedette.core.severity import NUMBERS
from vedette.query.language.regexes import escape
from vedette.store.warehouse.severity import number_sql, text_sql

if TYPE_CHECKING:
    from vedette.query.language.parameters import Parameters

START = "{start:DateTime64(9)}"
END = "{end:DateTime64(9)}"

# What the text index's tokenizer (splitByNonAlpha) counts as part of a token: ASCII letters and
# digits, and every byte that is not ASCII. Conditions compare lower-cased text.
_WORD_CHARACTERS = r"0-9a-z\x{80}-\x{10FFFF}"
_WORD = re.compile(r"[0-9a-z\x80-\U0010ffff]+")
_LOWER = {ord(upper): upper.lower() for upper in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}

LEVELS = ("trace", "debug", "info", "warn", "error", "fatal")
LEVEL_NAME = (
    f"if(SeverityNumber BETWEEN 1 AND 24, {list(LEVELS)}[intDiv(SeverityNumber - 1, 4) + 1], "
    "lower(SeverityText))"
)
"""SQL for a log record's level in one spelling, whatever its sender writes; '' where unset."""
"""The OpenTelemetry severity levels, lowest first; each is four severity numbers wide."""

_LEVEL_WIDTH = 4
_INDEXED_LENGTH = 4  # shorter pieces are in too many tokens for the index to help


class Signal(StrEnum):
    """A kind of telemetry that a text can be compiled for."""

    LOGS = "logs"
    SPANS = "spans"


class FieldKind(StrEnum):
    """How a built-in field is compared."""

    TEXT = "text"
    IDENTIFIER = "identifier"  # lower-case hexadecimal
    WORDS = "words"  # prose: matched by words
    CHOICE = "choice"  # one of a few spellings, matched without regard to case
    NUMBER = "number"
    DURATION = "duration"  # stored in nanoseconds, shown in milliseconds
    TIME = "time"
    LEVEL = "level"
    NAMES = "names"  # array of strings


@dataclass(frozen=True, slots=True)
class Field:
    """A built-in field of a signal.

    Args:
        name: the name shown to people.
        sql: expression over the table's columns.
        kind: how it is compared.
        aliases: other names it answers to.
        optional: an empty value means that the record has none.
        choices: the spellings of a CHOICE.

    """

    name: str
    sql: str
    kind: FieldKind = FieldKind.TEXT
    aliases: tuple[str, ...] = ()
    optional: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """The table of one signal and the SQL of every construct over it.

    Args:
        signal: what the table holds.
        table: its scoped name.
        attributes: the map column of the record's own attributes.
        words: the text columns that free text is looked for in.
        fields: the built-in fields.
        body: the column that may hold JSON whose members are fields too, if there is one.

    """

    signal: Signal
    table: str
    attributes: str
    words: tuple[str, ...]
    fields: tuple[Field, ...]
    time_prune: str
    body: str | None = None
    resource: str = "ResourceAttributes"
    time: str = "Timestamp"
    _by_name: dict[str, Field] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for known in self.fields:
            for name in (known.name, *known.aliases):
                self._by_name[name] = known

    def field(self, name: str) -> Field | None:
        """Return the built-in field of that name or alias."""
        return self._by_name.get(name)

    def field_names(self) -> tuple[str, ...]:
        """Return the names of the built-in fields, without their aliases."""
        return tuple(known.name for known in self.fields)

    def in_time_range(self) -> str:
        """Return the condition that keeps the records of ``[start, end)``.

        The second half repeats the range in the sort key's own, coarser column for pruning.
        """
        return (
            f"{self.time} >= {START} AND {self.time} < {END}"
            f" AND {self.time_prune} >= toDateTime({START})"
            f" AND {self.time_prune} <= toDateTime({END})"
        )

    # Words -------------------------------------------------------------------------------

    def has_text(self, column: str, text: str, parameters: Parameters) -> str:
        """Match whole words without regard to ASCII case; other characters must match exactly."""
        wanted = ascii_lower(text)
        tokens = _WORD.findall(wanted)
        lowered = f"lower({column})"
        value = parameters.text(wanted)
        if not tokens:
            return f"position({lowered}, {value}) > 0"
        if tokens == [wanted]:
            return f"hasAllTokens({lowered}, {value})"
        # The index finds the words in a row; what stands between them is compared in the text.
        return f"(hasPhrase({lowered}, {value}) AND position({lowered}, {value}) > 0)"

    def has_glob(self, column: str, parts: tuple[str, ...], parameters: Parameters) -> str:
        """Match a word with wildcards; ``parts`` are the literal pieces between the stars."""
        parts = tuple(ascii_lower(part) for part in parts)
        lowered = f"lower({column})"
        regex = r"[^\s]*".join(escape(part) for part in parts)
        if _in_word(parts[0][:1]):
            regex = rf"(?:^|[^{_WORD_CHARACTERS}]){regex}"
        if _in_word(parts[-1][-1:]):
            regex = rf"{regex}(?:$|[^{_WORD_CHARACTERS}])"
        longest = parameters.text(f"%{escape_like(max(parts, key=len))}%")
        # LIKE with a literal piece is answered by scanning the text index's dictionary.
        return f"({lowered} LIKE {longest} AND match({lowered}, {parameters.text(regex)}))"

    def has_substring(self, column: str, text: str, parameters: Parameters) -> str:
        """Match a part of the text, with case."""
        exact = f"position({column}, {parameters.text(text)}) > 0"
        if max(map(len, _WORD.findall(ascii_lower(text))), default=0) < _INDEXED_LENGTH:
            return exact
        # As in has_glob: LIKE is what the text index answers.
        pattern = parameters.text(f"%{escape_like(ascii_lower(text))}%")
        return f"lower({column}) LIKE {pattern} AND {exact}"

    # Attributes --------------------------------------------------------------------------

    def attribute(self, column: str, key: str) -> str:
        """Return the value of an attribute, empty where there is none."""
        return f"{column}[{key}]"

    def has_attribute(self, column: str, key: str) -> str:
        """Match records that carry an attribute."""
        return f"mapContains({column}, {key})"

    def attribute_is(self, column: str, key: str, value: str, *, empty: bool = False) -> str:
        """Match an attribute's exact value; ``empty`` says that the value is the empty string."""
        condition = f"{column}[{key}] = {value}"
        # A map answers '' for an absent key too.
        return f"({condition} AND {self.has_attribute(column, key)})" if empty else condition

    # Levels ------------------------------------------------------------------------------

    def level_is(self, name: str, parameters: Parameters) -> str:
        """Match a level by its severity numbers or by the text it was written with."""
        text = f"lower(SeverityText) = {parameters.text(ascii_lower(name))}"
        numbers = level_numbers(name)
        if numbers is None:
            return text
        return f"({self._severity()} BETWEEN {numbers[0]} AND {numbers[1]} OR {text})"

    def level_compares(self, operator: str, name: str) -> str:
        """Compare levels by severity (``operator`` is one of > >= < <=, ``name`` a known level)."""
        severity = self._severity()
        return f"({severity} > 0 AND {severity} {level_limit(operator, name)})"

    def level_text(self) -> str:
        """Return the level's name: trace, debug, info, warn, error, fatal, or the record's own."""
        known = text_sql(self._severity())
        return f"lower(if({self._severity()} > 0, {known}, SeverityText))"

    def _severity(self) -> str:
        return f"if(SeverityNumber > 0, SeverityNumber, {number_sql('SeverityText')})"


def ascii_lower(text: str) -> str:
    """Lower-case ASCII letters only, as the engine's ``lower`` and the text index do."""
    return text.translate(_LOWER)


def escape_like(text: str) -> str:
    """Escape the characters that mean something to LIKE."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def level_numbers(name: str) -> tuple[int, int] | None:
    """Return the severity numbers that a level's name stands for, or None for an unknown one."""
    number = NUMBERS.get(ascii_lower(name))
    if number is None:
        return None
    # A name of its own inside a level, such as notice, is that one number.
    starts_level = number % _LEVEL_WIDTH == 1
    return number, number + _LEVEL_WIDTH - 1 if starts_level else number


def level_limit(operator: str, name: str) -> str:
    """Return ``operator`` and the severity number that a known name means on that side of it."""
    numbers = level_numbers(name) or (0, 0)
    return f"{operator} {numbers[1] if operator in {'>', '<='} else numbers[0]}"


def _in_word(character: str) -> bool:
    return bool(_WORD.match(character))


_SPAN_KINDS = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
_SPAN_STATUS = ("Unset", "Ok", "Error")
_HOST = Field("host", "ResourceAttributes['host.name']", aliases=("host.name",), optional=True)
_SERVICE = Field("service", "ServiceName", aliases=("@service", "service.name"), optional=True)
_SCOPE = Field("scope", "ScopeName", aliases=("@scope",), optional=True)
_TRACE_ID = Field(
    "trace_id", "TraceId", FieldKind.IDENTIFIER, ("@traceId", "traceId"), optional=True
)
_SPAN_ID = Field("span_id", "SpanId", FieldKind.IDENTIFIER, ("@spanId", "spanId"), optional=True)
_TIME = Field("time", "Timestamp", FieldKind.TIME, ("@timestamp", "timestamp"))
_RECEIVED = Field("received_time", "ReceivedTime", FieldKind.TIME, ("@ingestionTime",))
_LOG_STREAM = Field(
    "@logStream",
    "arrayFirst(name -> name != '', [ResourceAttributes['k8s.pod.name'],"
    " ResourceAttributes['container.id'], ResourceAttributes['service.instance.id'],"
    " ResourceAttributes['host.name']])",
    optional=True,
)

LOGS = Dialect(
    signal=Signal.LOGS,
    table="@otel_logs",
    attributes="LogAttributes",
    words=("Body",),
    body="Body",
    time_prune="TimestampTime",
    fields=(
        Field("level", "SeverityText", FieldKind.LEVEL, ("@level", "severity")),
        _SERVICE,
        Field("message", "Body", FieldKind.WORDS, ("@message", "body")),
        _TRACE_ID,
        _SPAN_ID,
        _HOST,
        Field("event", "EventName", aliases=("@event", "event.name"), optional=True),
        _SCOPE,
        _TIME,
        Field("severity_number", "SeverityNumber", FieldKind.NUMBER),
        _RECEIVED,
        Field(
            "@log",
            "if(LogAttributes['log.file.path'] != '', LogAttributes['log.file.path'], ServiceName)",
            optional=True,
        ),
        _LOG_STREAM,
    ),
)

SPANS = Dialect(
    signal=Signal.SPANS,
    table="@otel_traces",
    attributes="SpanAttributes",
    words=("SpanName", "StatusMessage"),
    time_prune="toDateTime(Timestamp)",
    fields=(
        Field("name", "SpanName", aliases=("@name", "operation")),
        _SERVICE,
        Field("kind", "SpanKind", FieldKind.CHOICE, ("@kind",), choices=_SPAN_KINDS),
        Field("status", "StatusCode", FieldKind.CHOICE, ("@status",), choices=_SPAN_STATUS),
        Field("message", "StatusMessage", FieldKind.WORDS, ("@message",), optional=True),
        Field("duration", "Duration", FieldKind.DURATION, ("@duration",)),
        _TRACE_ID,
        _SPAN_ID,
        Field(
            "parent_span_id",
            "ParentSpanId",
            FieldKind.IDENTIFIER,
            ("@parentSpanId", "parentSpanId"),
            optional=True,
        ),
        _HOST,
        Field("event", "Events.Name", FieldKind.NAMES, ("@event",)),
        _SCOPE,
        _TIME,
        _RECEIVED,
        Field("@log", "ServiceName", optional=True),
        _LOG_STREAM,
    ),
)

_DIALECTS = {Signal.LOGS: LOGS, Signal.SPANS: SPANS}


def dialect_for(signal: Signal) -> Dialect:
    """Return the dialect of a signal."""
    return _DIALECTS[signal]
