"""Checks that need the rows: all conditions are counted in one pass; failing rows are sampled."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from vedette.core.errors import InvalidInputError, VedetteError
from vedette.data.checks.definition import Check
from vedette.data.checks.result import PASSED, UNKNOWN, VIOLATED, CheckResult, percent
from vedette.data.profiling.columns import quoted
from vedette.data.profiling.engine import Engine
from vedette.data.profiling.sources import Source, source_of

SAMPLE_ROWS = 5
_FORBIDDEN = re.compile(
    r";|\b(?:INSERT|CREATE|DROP|ALTER|ATTACH|SYSTEM|INTO\s+OUTFILE)\b", re.IGNORECASE
)


def evaluate_rows(
    engine: Engine, source: Source, checks: Sequence[Check], *, sample: int = SAMPLE_ROWS
) -> list[CheckResult]:
    """Return a result a check that needs rows.

    Args:
        engine: runs the conditions.
        source: the data.
        checks: what to check; others than those that need rows are left out.
        sample: how many failing rows are shown of each; 0 for none.

    """
    wanted = [check for check in checks if check.needs_rows]
    conditions: dict[int, tuple[str, dict[str, str]]] = {}
    for number, check in enumerate(wanted):
        if (condition := _condition(check, number)) is not None:
            conditions[number] = condition
    counted = _count(engine, source, conditions)
    return [
        _of_condition(engine, source, check, conditions[number], counted[number], sample)
        if number in conditions
        else _OTHERS[check.kind](engine, source, check, sample)
        for number, check in enumerate(wanted)
    ]


def _condition(check: Check, number: int) -> tuple[str, dict[str, str]] | None:
    """Return what must hold of every row where the value is there, and its parameters."""
    members = check.members
    if check.kind == "pattern":
        name = f"pattern{number}"
        text = f"toString({quoted(check.column)})"
        return f"match({text}, {{{name}:String}})", {name: members["matches"]}
    if check.kind == "range":
        value = f"toFloat64({quoted(check.column)})"
        low, high = members["min"], members["max"]
        bounds = ([f"{value} >= {float(low)!r}"] if low is not None else []) + (
            [f"{value} <= {float(high)!r}"] if high is not None else []
        )
        return " AND ".join(bounds), {}
    if check.kind == "expression":
        _refuse_statements(members["where"])
        return f"({members['where']})", {}
    return None


def _refuse_statements(text: str) -> None:
    if _FORBIDDEN.search(re.sub(r"'(?:[^'\\]|\\.)*'", "''", text)):
        raise InvalidInputError(
            "a check reads, it does not write",
            field="checks",
            remedy="write one SELECT or condition",
        )


def _count(
    engine: Engine, source: Source, conditions: Mapping[int, tuple[str, dict[str, str]]]
) -> dict[int, tuple[int, int] | VedetteError]:
    """Return rows where each condition can be told, and where it fails."""
    if not conditions:
        return {}
    try:
        return _count_together(engine, source, conditions)
    except VedetteError as error:
        if len(conditions) == 1:
            return dict.fromkeys(conditions, error)
    found: dict[int, tuple[int, int] | VedetteError] = {}
    for number, condition in conditions.items():
        found |= _count(engine, source, {number: condition})
    return found


def _count_together(
    engine: Engine, source: Source, conditions: Mapping[int, tuple[str, dict[str, str]]]
) -> dict[int, tuple[int, int] | VedetteError]:
    asked = ", ".join(
        f"countIf(isNotNull({text})), countIf(NOT ifNull({text}, 1))"
        for text, _ in conditions.values()
    )
    parameters = dict(source.parameters)
    for _, values in conditions.values():
        parameters |= values
    (row,) = engine.rows(f"SELECT {asked} FROM {source.expression}", parameters, source.frame)
    return {number: (row[2 * place], row[2 * place + 1]) for place, number in enumerate(conditions)}


def _of_condition(
    engine: Engine,
    source: Source,
    check: Check,
    condition: tuple[str, dict[str, str]],
    counted: tuple[int, int] | VedetteError,
    sample: int,
) -> CheckResult:
    if isinstance(counted, VedetteError):
        return CheckResult(check, UNKNOWN, description=counted.message)
    known, failing = counted
    if not known:
        return CheckResult(check, UNKNOWN, description="no row has a value")
    share, least = 1 - failing / known, float(check.members["at_least"])
    # With at_least 1, one failing row of very many must not be rounded away.
    violated = failing > 0 if least == 1 else share < least
    rows = (
        _sample(engine, source, f"NOT ifNull({condition[0]}, 1)", condition[1], sample)
        if failing
        else []
    )
    return CheckResult(
        check,
        VIOLATED if violated else PASSED,
        share,
        least,
        f"{failing:,} of {known:,} rows fail; at least {percent(least)} must hold",
        failing,
        rows,
    )


def _sample(
    engine: Engine, source: Source, where: str, parameters: Mapping[str, str], limit: int
) -> list[dict[str, Any]]:
    if not limit:
        return []
    return _records(
        engine,
        source,
        f"SELECT * FROM {source.expression} WHERE {where} LIMIT {limit}",
        {**source.parameters, **parameters},
    )


def _records(
    engine: Engine, source: Source, sql: str, parameters: Mapping[str, str]
) -> list[dict[str, Any]]:
    rows = engine.rows(f"SELECT toJSONString(tuple(*)) FROM ({sql})", parameters, source.frame)
    names = [row[0] for row in engine.rows(f"DESCRIBE TABLE ({sql})", parameters, source.frame)]
    found = []
    for row in rows:
        values = json.loads(row[0])
        listed = values.values() if isinstance(values, dict) else values
        found.append(dict(zip(names, listed, strict=False)))
    return found


def _unique(engine: Engine, source: Source, check: Check, sample: int) -> CheckResult:
    names = [quoted(str(name)) for name in check.members["columns"]]
    keys = ", ".join(names)
    known = " AND ".join(f"isNotNull({name})" for name in names)
    grouped = (
        f"(SELECT {keys}, count() AS vedette_count FROM {source.expression} "
        f"WHERE {known} GROUP BY {keys})"
    )
    try:
        ((groups, rows),) = engine.rows(
            f"SELECT count(), sum(vedette_count) FROM {grouped}", source.parameters, source.frame
        )
        failing = int(rows) - int(groups)
        shown = []
        if failing and sample:
            sql = f"SELECT * FROM {grouped} WHERE vedette_count > 1 ORDER BY vedette_count DESC LIMIT {sample}"
            shown = _records(engine, source, sql, source.parameters)
    except VedetteError as error:
        return CheckResult(check, UNKNOWN, description=error.message)
    if not rows:
        return CheckResult(check, UNKNOWN, description="no row has a value")
    status = VIOLATED if failing else PASSED
    text = f"{failing:,} of {int(rows):,} rows repeat the key of another"
    return CheckResult(check, status, float(failing), 0.0, text, failing, shown)


def _reference(engine: Engine, source: Source, check: Check, sample: int) -> CheckResult:
    other = source_of(check.members["source"])
    parameters = {f"other_{name}": value for name, value in other.parameters.items()}
    expression = re.sub(r"\{(\w+):String\}", r"{other_\1:String}", other.expression)
    key = quoted(check.members["key"])
    condition = f"toString({quoted(check.column)}) IN (SELECT toString({key}) FROM {expression})"
    pair = (condition, parameters)
    counted = _count(engine, source, {0: pair})[0]
    return _of_condition(engine, source, check, pair, counted, sample)


def _sql(engine: Engine, source: Source, check: Check, sample: int) -> CheckResult:
    query = check.members["query"].strip().rstrip(";")
    _refuse_statements(query)
    together = f"WITH data AS (SELECT * FROM {source.expression}) SELECT * FROM ({query})"
    try:
        ((failing,),) = engine.rows(
            f"SELECT count() FROM ({together})", source.parameters, source.frame
        )
        shown = []
        if failing and sample:
            shown = _records(engine, source, f"{together} LIMIT {sample}", source.parameters)
    except VedetteError as error:
        return CheckResult(check, UNKNOWN, description=error.message)
    most = check.members["max_rows"]
    text = f"the query returns {failing:,} rows, at most {most:,} expected"
    return CheckResult(
        check,
        VIOLATED if failing > most else PASSED,
        float(failing),
        float(most),
        text,
        failing,
        shown,
    )


_OTHERS = {"unique": _unique, "reference": _reference, "sql": _sql}
