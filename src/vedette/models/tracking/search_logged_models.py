"""Searching logged models: filters, datasets of their metrics, and orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select

from vedette.core.errors import InvalidInputError, QuerySyntaxError
from vedette.models.context import Caller
from vedette.models.filters import (
    Clause,
    Field,
    Fields,
    Keyed,
    Kind,
    Order,
    Searchable,
    parse_filter,
)
from vedette.models.filters.fields import OPERATORS, Plan, check_operator, compare
from vedette.models.paging import decode_token, query_hash, token_after
from vedette.models.rows import table_of
from vedette.models.tracking.experiments import ACTIVE
from vedette.models.tracking.logged_models import LoggedModel, whole
from vedette.store.catalog.tracking_models import (
    LoggedModelMetricRow,
    LoggedModelParamRow,
    LoggedModelRow,
    LoggedModelTagRow,
)

MAX_PAGE = 1000
_METRICS = table_of(LoggedModelMetricRow)
_NUMERIC_NAMES = {
    "creation_timestamp": LoggedModelRow.created_ms,
    "creation_time": LoggedModelRow.created_ms,
    "last_updated_timestamp": LoggedModelRow.updated_ms,
    "last_updated_time": LoggedModelRow.updated_ms,
}
# As clients name it: READY, PENDING, FAILED.
_STATUS = func.replace(
    func.replace(LoggedModelRow.status, "LOGGED_MODEL_", ""), "UPLOAD_FAILED", "FAILED"
)
_ATTRIBUTES = Fields(
    {
        "name": Field(LoggedModelRow.name),
        "model_id": Field(LoggedModelRow.id),
        "model_type": Field(LoggedModelRow.model_type),
        "status": Field(_STATUS),
        "source_run_id": Field(LoggedModelRow.source_run_id),
        "experiment_id": Field(LoggedModelRow.experiment_id),
        **{name: Field(column, Kind.NUMBER) for name, column in _NUMERIC_NAMES.items()},
    }
)


@dataclass(frozen=True, slots=True)
class DatasetFilter:
    """Metrics of one dataset, by its name and perhaps its digest."""

    name: str
    digest: str = ""

    def condition(self, table: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a table or alias
        """Return the condition on a table of logged models' metrics."""
        named = table.c.dataset_name == self.name
        return and_(named, table.c.dataset_digest == self.digest) if self.digest else named


@dataclass(frozen=True, slots=True)
class ModelOrder:
    """One part of an order: an attribute or ``metrics.<key>``, perhaps of one dataset."""

    field_name: str
    ascending: bool = True
    dataset: DatasetFilter | None = None


class _Metrics:
    """Metrics of a logged model, narrowed to datasets."""

    def __init__(self, datasets: Sequence[DatasetFilter]) -> None:
        self._datasets = datasets

    def condition(self, clause: Clause, dialect: str) -> ColumnElement[bool]:
        """See ``Entity.condition``."""
        check_operator(clause, OPERATORS[Kind.NUMBER])
        conditions = [
            _METRICS.c.model_id == LoggedModelRow.id,
            _METRICS.c.key == clause.key,
            compare(_METRICS.c.value, clause, Kind.NUMBER, dialect),
        ]
        if self._datasets:
            conditions.append(or_(*(d.condition(_METRICS) for d in self._datasets)))
        return exists().where(*conditions)

    def order(self, plan: Plan, order: Order) -> list[ColumnElement[Any]]:
        """Order by the latest value of the metric, over all of its datasets."""
        del plan
        return order_by_metric(order.key, ascending=order.ascending, dataset=None)


def order_by_metric(
    key: str, *, ascending: bool, dataset: DatasetFilter | None
) -> list[ColumnElement[Any]]:
    """Return what orders models by a metric's latest value; without one they come last."""
    points = _METRICS.alias()
    latest = select(points.c.value).where(
        points.c.model_id == LoggedModelRow.id, points.c.key == key
    )
    if dataset is not None:
        latest = latest.where(dataset.condition(points))
    value = (
        latest.order_by(points.c.time_ms.desc(), points.c.step.desc()).limit(1).scalar_subquery()
    )
    return [case((value.is_(None), 1), else_=0), value.asc() if ascending else value.desc()]


def search_logged_models(
    caller: Caller,
    experiment_ids: Sequence[str],
    *,
    filter_: str | None = None,
    datasets: Sequence[DatasetFilter] = (),
    order_by: Sequence[ModelOrder] = (),
    max_results: int = 50,
    page_token: str | None = None,
) -> tuple[list[LoggedModel], str | None]:
    """Return a page of logged models, newest first unless ordered otherwise, and the next token."""
    query = query_hash(
        experiment_ids, filter_, [str(item) for item in datasets], [str(item) for item in order_by]
    )
    offset = decode_token(page_token, query)
    clauses = parse_filter(filter_)
    chosen = select(LoggedModelRow).where(
        LoggedModelRow.account == caller.account,
        LoggedModelRow.experiment_id.in_(list(experiment_ids)),
        LoggedModelRow.lifecycle_stage == ACTIVE,
    )
    if datasets and not any(clause.entity in {"metric", "metrics"} for clause in clauses):
        measured = or_(*(dataset.condition(_METRICS) for dataset in datasets))
        chosen = chosen.where(exists().where(_METRICS.c.model_id == LoggedModelRow.id, measured))
    for part in order_by:
        chosen = chosen.order_by(*_order(part))
    chosen = _searchable(datasets).apply(chosen, clauses, (), caller.dialect)
    with caller.read() as session:
        rows = session.scalars(chosen.offset(offset).limit(max_results + 1)).all()
        models = whole(session, rows[:max_results])
    more = token_after(len(rows), offset, max_results, query)
    return models, more


def _searchable(datasets: Sequence[DatasetFilter]) -> Searchable:
    owner = [("model_id", LoggedModelRow.id)]
    params = Keyed(table_of(LoggedModelParamRow), owner)
    tags = Keyed(table_of(LoggedModelTagRow), owner)
    metrics = _Metrics(datasets)
    return Searchable(
        {
            "": _ATTRIBUTES,
            **dict.fromkeys(("attribute", "attributes", "attr"), _ATTRIBUTES),
            **dict.fromkeys(("metric", "metrics"), metrics),
            **dict.fromkeys(("param", "params", "parameter", "parameters"), params),
            **dict.fromkeys(("tag", "tags"), tags),
        },
        [LoggedModelRow.created_ms.desc(), LoggedModelRow.id],
    )


def _order(part: ModelOrder) -> list[ColumnElement[Any]]:
    entity, dot, key = part.field_name.partition(".")
    if dot:
        if entity != "metrics":
            raise QuerySyntaxError(
                f"Invalid order by field name: {entity[:80]}, only `metrics.<name>` is allowed.",
                field="order_by",
            )
        return order_by_metric(key, ascending=part.ascending, dataset=part.dataset)
    if part.dataset is not None and not part.dataset.name:
        raise InvalidInputError(
            "`dataset_digest` can only be specified if `dataset_name` is also specified.",
            field="order_by",
        )
    plan = Plan(select(LoggedModelRow), "")
    return _ATTRIBUTES.order(plan, Order("", part.field_name.strip(), part.ascending))
