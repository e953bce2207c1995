"""Checks as code: what each takes, read from YAML, JSON or Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.core.time import parse_duration

MAX_CHECKS = 20_000
MAX_VALUES = 10_000


class Severity(StrEnum):
    """How much a violation matters; a gate stops at ``error`` and above."""

    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a check: its types, and its default (``...`` where it must be given)."""

    types: tuple[type, ...]
    default: Any = ...


_NUMBER = (int, float)
_SHARE = Member(_NUMBER, 1.0)
_COLUMN = Member((str,))
_LEAST = Member(_NUMBER, None)

KINDS: Mapping[str, Mapping[str, Member]] = {
    # From a profile alone:
    "completeness": {"column": _COLUMN, "at_least": _SHARE},
    "type": {"column": _COLUMN, "is": Member((str,)), "at_least": _SHARE},
    "non_negative": {"column": _COLUMN},
    "range": {"column": _COLUMN, "min": _LEAST, "max": _LEAST, "at_least": _SHARE},
    "values": {"column": _COLUMN, "in": Member((list,)), "at_least": _SHARE},
    "length": {"column": _COLUMN, "min": _LEAST, "max": _LEAST},
    "statistic": {"column": _COLUMN, "of": Member((str,)), "min": _LEAST, "max": _LEAST},
    "volume": {"min": _LEAST, "max": _LEAST},
    "freshness": {"column": _COLUMN, "within": Member((str,))},
    "columns": {"required": Member((list,), []), "extra": Member((bool,), default=True)},
    "drift": {
        "column": Member((str,), None),
        "preset": Member((str,), "vedette"),
        "measure": Member((str,), None),
        "threshold": _LEAST,
    },
    # From the rows:
    "unique": {"columns": Member((list,))},
    "pattern": {"column": _COLUMN, "matches": Member((str,)), "at_least": _SHARE},
    "reference": {
        "column": _COLUMN, "source": Member((str,)), "key": Member((str,)), "at_least": _SHARE,
    },
    "expression": {"where": Member((str,)), "at_least": _SHARE},
    "sql": {"query": Member((str,)), "max_rows": Member((int,), 0)},
}  # fmt: skip
"""Kind of check to its members."""
ROW_KINDS = frozenset({"unique", "pattern", "reference", "expression", "sql"})
TYPES = ("integral", "fractional", "text", "time", "boolean", "list", "unknown")
STATISTICS = (
    "mean", "std", "sum", "minimum", "maximum", "median", "distinct", "missing", "completeness",
    "rows", "mean_length",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        kind: a name of ``KINDS``.
        members: its members with their defaults.
        severity: of a violation.
        name: what people call it; made of kind and column where it has none.
        segment: of which segment it holds; the whole where empty.

    """

    kind: str
    members: Mapping[str, Any]
    severity: Severity = Severity.ERROR
    name: str = ""
    segment: Mapping[str, str] = field(default_factory=dict)

    @property
    def column(self) -> str:
        """The column it is about; empty where it is about the dataset."""
        return str(self.members.get("column") or "")

    @property
    def title(self) -> str:
        """Its name, or its kind and column."""
        return self.name or " ".join(filter(None, (self.kind, self.column)))

    @property
    def needs_rows(self) -> bool:
        """Whether a profile is not enough."""
        if self.kind == "range":
            return bool(self.members["at_least"] < 1)
        return self.kind in ROW_KINDS

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is written."""
        found: dict[str, Any] = {"check": self.kind}
        for name, member in KINDS[self.kind].items():
            if self.members[name] != member.default:
                found[name] = self.members[name]
        if self.severity is not Severity.ERROR:
            found["severity"] = self.severity.value
        if self.name:
            found["name"] = self.name
        if self.segment:
            found["segment"] = dict(self.segment)
        return found


def parse_checks(documents: object) -> list[Check]:
    """Return checks from what YAML or JSON holds: a list, or an object with ``checks``.

    Raises:
        InvalidInputError: it names the check and its member.

    """
    if isinstance(documents, Mapping):
        documents = documents.get("checks")
    if not isinstance(documents, Sequence) or isinstance(documents, str):
        raise InvalidInputError(
            "there is no list of checks",
            field="checks",
            remedy="write 'checks:' and under it a list of '- check: KIND'",
        )
    if len(documents) > MAX_CHECKS:
        raise InvalidInputError(
            f"{len(documents)} checks are too many",
            field="checks",
            remedy=f"write up to {MAX_CHECKS}",
        )
    return [
        one if isinstance(one, Check) else parse_check(one, f"checks[{index}]")
        for index, one in enumerate(documents)
    ]


def parse_check(document: object, place: str = "check") -> Check:
    """Return a check from an object such as ``{check: range, column: age, min: 0}``."""
    if not isinstance(document, Mapping) or "check" not in document:
        raise InvalidInputError(
            "a check is an object with the member 'check'",
            field=place,
            remedy=f"write {{check: KIND, ...}}; kinds are {', '.join(KINDS)}",
        )
    kind = document["check"]
    if kind not in KINDS:
        raise InvalidInputError(
            f"{kind!r} is no kind of check",
            field=f"{place}.check",
            remedy=f"use one of {', '.join(KINDS)}",
        )
    shared = {"check", "severity", "name", "segment"}
    if unknown := sorted(str(name) for name in document if name not in {*KINDS[kind], *shared}):
        raise InvalidInputError(
            f"a {kind} check has no member {unknown[0]!r}",
            field=f"{place}.{unknown[0]}",
            remedy=f"it takes {', '.join((*KINDS[kind], 'severity', 'name', 'segment'))}",
        )
    members = {name: _member(document, name, member, place) for name, member in KINDS[kind].items()}
    check = Check(kind, members, _severity(document, place), str(document.get("name") or ""),
                  _segment(document, place))  # fmt: skip
    _check_members(check, place)
    return check


def _member(document: Mapping[str, Any], name: str, member: Member, place: str) -> Any:  # noqa: ANN401
    value = document.get(name, member.default)
    if value is ...:
        raise InvalidInputError(
            f"the check lacks {name!r}", field=f"{place}.{name}", remedy=f"give {name}"
        )
    if value is None and member.default is None:
        return None
    wrong_bool = isinstance(value, bool) and bool not in member.types
    if wrong_bool or not isinstance(value, member.types):
        wanted = " or ".join(kind.__name__ for kind in member.types)
        raise InvalidInputError(
            f"{name} is {type(value).__name__}", field=f"{place}.{name}", remedy=f"give {wanted}"
        )
    return value


def _severity(document: Mapping[str, Any], place: str) -> Severity:
    try:
        return Severity(document.get("severity", "error"))
    except ValueError as error:
        raise InvalidInputError(
            f"{document['severity']!r} is no severity",
            field=f"{place}.severity",
            remedy=f"use {', '.join(Severity)}",
        ) from error


def _segment(document: Mapping[str, Any], place: str) -> dict[str, str]:
    segment = document.get("segment") or {}
    if not isinstance(segment, Mapping):
        raise InvalidInputError(
            "segment is an object", field=f"{place}.segment", remedy="write {column: value}"
        )
    return {str(key): str(value) for key, value in segment.items()}


def _wrong_bounds(members: Mapping[str, Any]) -> tuple[str, str] | None:
    low, high = members["min"], members["max"]
    if low is None and high is None:
        return "min", "give min, max or both"
    if low is not None and high is not None and low > high:
        return "min", "give a min that is not above max"
    return None


def _check_members(check: Check, place: str) -> None:
    members = check.members
    wrong = _wrong_bounds(members) if "min" in members else None
    if "at_least" in members and not 0 <= members["at_least"] <= 1:
        wrong = ("at_least", "give a share from 0 to 1")
    if check.kind == "type" and members["is"] not in TYPES:
        wrong = ("is", f"use one of {', '.join(TYPES)}")
    if check.kind == "statistic" and members["of"] not in STATISTICS:
        wrong = ("of", f"use one of {', '.join(STATISTICS)}")
    if check.kind == "values" and not 0 < len(members["in"]) <= MAX_VALUES:
        wrong = ("in", f"give 1 to {MAX_VALUES} values")
    if check.kind == "unique" and not members["columns"]:
        wrong = ("columns", "give at least one column")
    if check.kind == "freshness":
        parse_duration(members["within"], field=f"{place}.within")
    if wrong:
        raise InvalidInputError(
            f"{wrong[0]} of the {check.kind} check is wrong",
            field=f"{place}.{wrong[0]}",
            remedy=wrong[1],
        )
