"""A table of runs: a page of them with the columns that were chosen, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from vedette.core.errors import InvalidInputError
from vedette.models.context import Caller
from vedette.models.filters import Order, parse_filter
from vedette.models.paging import decode_token, query_hash, token_after
from vedette.models.rows import chunks, table_of
from vedette.models.tracking.experiments import View
from vedette.models.tracking.read_runs import SEARCHABLE
from vedette.models.tracking.runs import RunInfo
from vedette.store.catalog.tracking_models import RunMetricRow, RunParamRow, RunRow, RunTagRow

if TYPE_CHECKING:
    from sqlalchemy import Select, Table
    from sqlalchemy.orm import Session

MAX_COLUMNS = 60
MAX_ROWS = 1000
MAX_KEYS = 1000
MAX_EXPERIMENTS = 100
_INFO = tuple(getattr(RunRow, name) for name in RunInfo.__slots__)
_TABLES: Mapping[str, Table] = {
    "metrics": table_of(RunMetricRow),
    "params": table_of(RunParamRow),
    "tags": table_of(RunTagRow),
}
Value = float | str | None


@dataclass(frozen=True, slots=True)
class RunTable:
    """A page of runs.

    Attributes:
        runs: the runs.
        values: by column, such as ``metrics.loss``, a value for each run; None where it has none,
            and a text for what JSON has no number for.
        total: how many runs the filter finds.
        cursor: token of the next page, None on the last.

    """

    runs: Sequence[RunInfo]
    values: Mapping[str, Sequence[Value]]
    total: int
    cursor: str | None


@dataclass(frozen=True, slots=True)
class KeyCount:
    """A metric, parameter or tag, and how many runs have it."""

    key: str
    runs: int


@dataclass(frozen=True, slots=True)
class RunKeys:
    """What can be chosen as a column."""

    metrics: Sequence[KeyCount]
    params: Sequence[KeyCount]
    tags: Sequence[KeyCount]


class RunTables:
    """Tables of one account's runs."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def page(
        self,
        experiment_ids: Sequence[str],
        *,
        columns: Sequence[str] = (),
        view: View = View.ACTIVE_ONLY,
        filter_: str | None = None,
        order_by: Sequence[str] = (),
        limit: int = 100,
        cursor: str | None = None,
    ) -> RunTable:
        """Return a page of runs of these experiments, newest first unless ordered otherwise.

        Args:
            experiment_ids: up to 100.
            columns: up to 60 of ``metrics.<key>``, ``params.<key>``, ``tags.<key>``.
            view: active runs, deleted ones, or both.
            filter_: in MLflow's grammar.
            order_by: such as ``metrics.loss DESC``.
            limit: rows of the page, up to 1,000.
            cursor: of the page before.

        """
        chosen_columns = _columns(columns)
        query = query_hash(experiment_ids, view.name, filter_, order_by)
        offset = decode_token(cursor, query)
        clauses, orders = parse_filter(filter_), [Order.parse(text) for text in order_by]
        matching = self._of(experiment_ids, view)
        dialect = self._caller.dialect
        found = SEARCHABLE.apply(matching.with_only_columns(*_INFO), clauses, orders, dialect)
        counted = SEARCHABLE.apply(matching, clauses, (), dialect).order_by(None)
        with self._caller.read() as session:
            rows = session.execute(found.offset(offset).limit(limit + 1)).all()
            runs = [RunInfo(*row) for row in rows[:limit]]
            values = _values(session, [run.id for run in runs], chosen_columns)
            total = session.scalar(select(func.count()).select_from(counted.subquery())) or 0
        more = token_after(len(rows), offset, limit, query)
        return RunTable(runs, values, total, more)

    def keys(self, experiment_ids: Sequence[str]) -> RunKeys:
        """Return what the runs of these experiments have, the most frequent 1,000 of each kind."""
        ids = self._of(experiment_ids, View.ALL).with_only_columns(RunRow.id).scalar_subquery()
        found = {}
        with self._caller.read() as session:
            for name, table in _TABLES.items():
                counted = (
                    select(table.c.key, func.count().label("runs"))
                    .where(table.c.run_id.in_(ids))
                    .group_by(table.c.key)
                    .order_by(func.count().desc(), table.c.key)
                    .limit(MAX_KEYS)
                )
                found[name] = [KeyCount(key, runs) for key, runs in session.execute(counted)]
        return RunKeys(**found)

    def _of(self, experiment_ids: Sequence[str], view: View) -> Select[Any]:
        if not 1 <= len(experiment_ids) <= MAX_EXPERIMENTS:
            raise InvalidInputError(
                f"a table is of 1 to {MAX_EXPERIMENTS} experiments, not of {len(experiment_ids)}",
                field="experiment_ids",
            )
        return select(RunRow.id).where(
            RunRow.account == self._caller.account,
            RunRow.experiment_id.in_(list(experiment_ids)),
            RunRow.lifecycle_stage.in_(view.value),
        )


def _columns(columns: Sequence[str]) -> list[tuple[str, str, str]]:
    if len(columns) > MAX_COLUMNS:
        raise InvalidInputError(f"a table has up to {MAX_COLUMNS} columns", field="columns")
    parsed = []
    for column in columns:
        kind, _, key = column.partition(".")
        if kind not in _TABLES or not key:
            raise InvalidInputError(
                f"{column[:80]!r} is not a column",
                field="columns",
                remedy="write metrics.<key>, params.<key> or tags.<key>",
            )
        parsed.append((column, kind, key))
    return parsed


def _values(
    session: Session, ids: Sequence[str], columns: Sequence[tuple[str, str, str]]
) -> dict[str, list[Value]]:
    at = {identity: row for row, identity in enumerate(ids)}
    values: dict[str, list[Value]] = {name: [None] * len(ids) for name, _, _ in columns}
    for kind, table in _TABLES.items():
        names = {key: name for name, of, key in columns if of == kind}
        for part in chunks(ids) if names else ():
            chosen = select(table.c.run_id, table.c.key, table.c.value).where(
                table.c.run_id.in_(part), table.c.key.in_(list(names))
            )
            for run_id, key, value in session.execute(chosen):
                shown = shown_number(value) if kind == "metrics" else value
                values[names[key]][at[run_id]] = shown
    return values


def shown_number(value: float | None) -> float | str:
    """Return a metric's value, or a text for what JSON has no number for; None stands for NaN."""
    if value is None or math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
