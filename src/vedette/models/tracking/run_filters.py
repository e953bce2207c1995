"""Filters on what runs read: ``datasets.name``, ``datasets.digest``, ``datasets.context``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import InstrumentedAttribute

from vedette.core.errors import QuerySyntaxError
from vedette.models.filters.fields import OPERATORS, Kind, Order, Plan, check_operator, compare
from vedette.models.filters.grammar import Clause
from vedette.store.catalog.tracking_models import DatasetRow, RunInputRow, RunRow

_COLUMNS: Mapping[str, InstrumentedAttribute[Any]] = {
    "name": DatasetRow.name,
    "digest": DatasetRow.digest,
    "context": RunInputRow.context,
}


class _Datasets:
    def condition(self, clause: Clause, dialect: str) -> ColumnElement[bool]:
        """See ``Entity.condition``."""
        column = _COLUMNS.get(clause.key)
        if column is None:
            raise QuerySyntaxError(
                f"invalid dataset key {clause.key[:80]!r} specified",
                field="filter",
                remedy=f"valid keys are {', '.join(_COLUMNS)}",
                position=clause.position,
            )
        check_operator(clause, OPERATORS[Kind.TEXT])
        return exists().where(
            RunInputRow.run_id == RunRow.id,
            DatasetRow.id == RunInputRow.dataset_id,
            compare(column, clause, Kind.TEXT, dialect),
        )

    def order(self, plan: Plan, order: Order) -> list[ColumnElement[Any]]:
        """Refuse: a run has many datasets."""
        del plan, order
        raise QuerySyntaxError("runs cannot be ordered by their datasets", field="order_by")


DATASETS = _Datasets()
"""The entity ``datasets``."""
