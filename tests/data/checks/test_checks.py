"""Checks pass, fail and do not know, each with what was found and what was expected."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from vedette.core.errors import InvalidInputError
from vedette.data.checks.definition import KINDS, Severity, parse_check, parse_checks
from vedette.data.checks.result import CheckFailedError, percent
from vedette.data.checks.run import run_checks
from vedette.data.checks.suggest import learn, suggest
from vedette.data.profiling.sources import source_of

NOW = datetime(2026, 3, 2, tzinfo=UTC)
TABLE = pa.table(
    {
        "id": [1, 2, 2, 4],
        "amount": [5.0, -1.0, None, 700.0],
        "low": [1, 2, 3, 9],
        "high": [2, 3, 4, 4],
        "email": ["a@x.de", "b@x.de", "nope", None],
        "country": ["DE", "FR", "XX", "DE"],
        "when": pa.array([datetime(2026, 3, 1, tzinfo=UTC)] * 4, pa.timestamp("us", "UTC")),
        "empty": pa.array([None] * 4, pa.float64()),
        "mixed": ["1", "2", "x", "4"],
    }
)


@pytest.fixture
def check(engine: Any) -> Any:
    def run(data: Any, *checks: dict[str, Any], **options: Any) -> Any:
        return run_checks(engine, source_of(data), parse_checks(list(checks)), now=NOW, **options)

    return run


@pytest.mark.parametrize(
    ("definition", "status", "observed", "words"),
    [
        ({"check": "completeness", "column": "amount"}, "violated", 0.75, "75%, at least 100%"),
        ({"check": "completeness", "column": "amount", "at_least": 0.75}, "passed", 0.75, ""),
        ({"check": "completeness", "column": "empty"}, "violated", 0.0, ""),
        ({"check": "type", "column": "low", "is": "integral"}, "passed", 1.0, ""),
        ({"check": "type", "column": "mixed", "is": "integral"}, "violated", 0.75, "75"),
        ({"check": "type", "column": "mixed", "is": "text"}, "passed", 1.0, ""),
        ({"check": "type", "column": "when", "is": "text"}, "violated", 0.0, ""),
        ({"check": "non_negative", "column": "amount"}, "violated", -1.0, "1 negative"),
        ({"check": "non_negative", "column": "low"}, "passed", 1.0, ""),
        ({"check": "range", "column": "amount", "max": 100}, "violated", 700.0, "above 100"),
        ({"check": "range", "column": "amount", "min": -5, "max": 700}, "passed", None, ""),
        ({"check": "range", "column": "amount", "max": 100, "at_least": 0.6}, "passed", 2 / 3, "1 of 3"),
        ({"check": "range", "column": "country", "max": 100}, "violated", None, "values are text"),
        ({"check": "values", "column": "country", "in": ["DE", "FR"]}, "violated", 0.75, "'XX' (1)"),
        ({"check": "values", "column": "low", "in": [1, 2, 3, 9]}, "passed", 1.0, ""),
        ({"check": "length", "column": "country", "min": 2, "max": 2}, "passed", 2.0, ""),
        ({"check": "length", "column": "email", "max": 5}, "violated", 6.0, "at most 5"),
        ({"check": "statistic", "column": "low", "of": "mean", "max": 3}, "violated", 3.75, ""),
        ({"check": "statistic", "column": "country", "of": "mean", "max": 3}, "unknown", None, "no mean"),
        ({"check": "volume", "min": 5}, "violated", 4.0, "at least 5"),
        ({"check": "freshness", "column": "when", "within": "1d"}, "passed", 86_400.0, ""),
        ({"check": "freshness", "column": "when", "within": "1h"}, "violated", 86_400.0, "2026-03-01"),
        ({"check": "freshness", "column": "low", "within": "1h"}, "unknown", None, "no times"),
        ({"check": "columns", "required": ["id", "gone"]}, "violated", 1.0, "missing: gone"),
        ({"check": "columns", "required": ["id"], "extra": False}, "violated", 8.0, "amount"),
        ({"check": "unique", "columns": ["id"]}, "violated", 1.0, "1 of 4"),
        ({"check": "unique", "columns": ["id", "low"]}, "passed", 0.0, ""),
        ({"check": "unique", "columns": ["empty"]}, "unknown", None, "no row has a value"),
        ({"check": "pattern", "column": "email", "matches": "^[^@]+@[^@]+$"}, "violated", 2 / 3, "1 of 3"),
        ({"check": "pattern", "column": "email", "matches": "("}, "unknown", None, "cannot be read"),
        ({"check": "expression", "where": "low <= high"}, "violated", 0.75, "1 of 4"),
        ({"check": "expression", "where": "amount > 0"}, "violated", 2 / 3, "1 of 3"),
        ({"check": "expression", "where": "nothing > 0"}, "unknown", None, "nothing"),
        ({"check": "sql", "query": "SELECT * FROM data WHERE low = 9"}, "violated", 1.0, "1 rows"),
        ({"check": "sql", "query": "SELECT * FROM data WHERE low = 7;"}, "passed", 0.0, ""),
        ({"check": "completeness", "column": "gone"}, "violated", None, "missing"),
        ({"check": "range", "column": "empty", "min": 0}, "unknown", None, "no value in 4 rows"),
        ({"check": "drift"}, "unknown", None, "no baseline"),
        (
            {"check": "statistic", "column": "low", "of": "mean", "max": 1.5, "segment": {"country": "DE"}},
            "violated", 5.0, "",
        ),
    ],
)  # fmt: skip
def test_each_kind(
    check: Any, definition: dict[str, Any], status: str, observed: Any, words: str
) -> None:
    (result,) = check(TABLE, definition).results
    assert result.status == status, result.description
    assert result.observed == (observed if observed is None else pytest.approx(observed))
    assert words in result.description


def test_failing_rows_are_shown(check: Any) -> None:
    report = check(
        TABLE,
        {"check": "expression", "where": "low <= high"},
        {"check": "unique", "columns": ["id"]},
        {"check": "sql", "query": "SELECT id, low FROM data WHERE low = 9"},
    )
    rows = {result.check.kind: result.sample for result in report.results}
    assert rows["expression"][0]["low"] == 9
    assert rows["expression"][0]["country"] == "DE"
    assert rows["unique"] == [{"id": 2, "vedette_count": 2}]
    assert rows["sql"] == [{"id": 4, "low": 9}]
    silent = check(TABLE, {"check": "expression", "where": "low <= high"}, sample=0)
    assert not silent.results[0].sample


def test_reference(check: Any, tmp_path: Path) -> None:
    pd.DataFrame({"code": ["DE", "FR"]}).to_csv(tmp_path / "countries.csv", index=False)
    known = {
        "check": "reference",
        "column": "country",
        "source": str(tmp_path / "countries.csv"),
        "key": "code",
    }
    (result,) = check(TABLE, known).results
    assert (result.status, result.failing) == ("violated", 1)
    assert result.sample[0]["country"] == "XX"


def test_a_gate_stops_at_its_severity(check: Any) -> None:
    report = check(
        TABLE,
        {"check": "volume", "min": 5, "severity": "warning"},
        {"check": "unique", "columns": ["low"]},
    )
    report.raise_for()
    with pytest.raises(CheckFailedError, match="rows: 4, at least 5 expected") as caught:
        report.raise_for(Severity.WARNING)
    assert caught.value.report is report
    assert report.as_dict()["violated"] == 1
    assert [result.status for result in report.results] == ["violated", "passed"]


def test_one_failing_row_of_very_many_is_a_violation(check: Any) -> None:
    many = {"x": np.append(np.zeros(200_000), -1.0)}
    for definition in (
        {"check": "range", "column": "x", "min": 0},
        {"check": "expression", "where": "x >= 0"},
    ):
        assert check(many, definition).results[0].status == "violated"


def test_infinities_are_out_of_range(check: Any) -> None:
    (result,) = check({"x": [1.0, math.inf]}, {"check": "range", "column": "x", "max": 5}).results
    assert (result.status, result.observed) == ("violated", math.inf)


def test_what_a_baseline_suggests_it_fulfils(profiled: Any, check: Any) -> None:
    draw = np.random.default_rng(0)
    data = pd.DataFrame(
        {
            "n": draw.integers(0, 50, 300),
            "x": np.where(draw.random(300) < 0.1, np.nan, draw.normal(size=300)),
            "c": draw.choice(["a", "b"], 300),
            "id": [f"user {index}" for index in range(300)],
            "t": pd.date_range("2026-01-01", periods=300, freq="h"),
            "b": draw.random(300) < 0.5,
        }
    )
    checks = suggest(list(profiled(data).values()))
    assert parse_checks([one.as_dict() for one in checks]) == checks
    report = check(data, *(one.as_dict() for one in checks))
    assert not report.violations()
    kinds = {(one.kind, one.column) for one in checks}
    assert {("values", "c"), ("non_negative", "n"), ("type", "x"), ("completeness", "t")} <= kinds
    assert ("values", "id") not in kinds
    changed = data.assign(c="z", n=-1, x=np.nan).drop(columns="b")
    broken = {
        (r.check.kind, r.check.column)
        for r in check(changed, *(one.as_dict() for one in checks)).violations()
    }
    assert {
        ("values", "c"),
        ("non_negative", "n"),
        ("completeness", "x"),
        ("columns", ""),
    } <= broken


def test_bounds_are_learned_from_history(profiled: Any, check: Any) -> None:
    draw = np.random.default_rng(1)
    history = [list(profiled({"x": draw.normal(10, 1, 1000)}).values()) for _ in range(8)]
    checks = [one.as_dict() for one in learn(history)]
    assert {one.get("of", "volume") for one in checks} >= {"mean", "std", "volume"}
    assert not check({"x": draw.normal(10, 1, 1000)}, *checks).violations()
    failed = check({"x": draw.normal(13, 1, 400)}, *checks).violations()
    assert {one.check.title for one in failed} >= {"usual mean of x", "usual volume"}
    assert learn(history[:4]) == []


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"check": "magic"}, "check.check"),
        ({"column": "x"}, "check"),
        ({"check": "range", "column": "x"}, "check.min"),
        ({"check": "range", "column": "x", "min": 2, "max": 1}, "check.min"),
        ({"check": "range", "column": "x", "minimum": 2}, "check.minimum"),
        ({"check": "completeness"}, "check.column"),
        ({"check": "completeness", "column": "x", "at_least": 2}, "check.at_least"),
        ({"check": "completeness", "column": "x", "at_least": True}, "check.at_least"),
        ({"check": "type", "column": "x", "is": "colour"}, "check.is"),
        ({"check": "freshness", "column": "x", "within": "soon"}, "check.within"),
        ({"check": "values", "column": "x", "in": []}, "check.in"),
        ({"check": "volume", "min": 1, "severity": "mild"}, "check.severity"),
        ({"check": "volume", "min": 1, "segment": "x"}, "check.segment"),
        ({"check": "unique", "columns": []}, "check.columns"),
        ({"check": "statistic", "column": "x", "of": "mode", "min": 1}, "check.of"),
    ],
)  # fmt: skip
def test_wrong_checks_are_refused(document: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_check(document)
    assert caught.value.field == field
    assert caught.value.remedy


def test_lists_of_checks() -> None:
    (one,) = parse_checks({"checks": [{"check": "volume", "min": 1}]})
    assert one.as_dict() == {"check": "volume", "min": 1}
    for wrong in ("text", {"check": "volume"}, None, {"checks": 3}):
        with pytest.raises(InvalidInputError):
            parse_checks(wrong)
    assert all(members for members in KINDS.values())


def test_statements_are_refused(check: Any) -> None:
    for query in ("DROP TABLE x", "SELECT 1; SELECT 2", "SELECT * FROM data INTO OUTFILE 'x'"):
        with pytest.raises(InvalidInputError, match="does not write"):
            check(TABLE, {"check": "sql", "query": query})


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (1.0, "100%"),
        (0.95, "95%"),
        (0.823649, "82.3649%"),
        (0.0, "0%"),
        (1 - 1e-9, "just under 100%"),
    ],
)
def test_shares_as_people_read_them(share: float, shown: str) -> None:
    assert percent(share) == shown
