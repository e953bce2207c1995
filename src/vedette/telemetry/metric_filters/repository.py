"""Metric filters in the catalog."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import func, select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.store.catalog.accounts import find_account
from vedette.store.catalog.checks import DEFAULT_PAGE, Page, check_limit, check_text
from vedette.store.catalog.models import MetricFilterRow
from vedette.telemetry.metric_filters.model import (
    MAX_FILTERS,
    MAX_NAME,
    FilterDefinition,
    MetricFilter,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from vedette.store.catalog import Actor, Catalog

KIND = "metric_filter"


class MetricFilters:
    """Repository of metric filters; a mutation leaves an audit record."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def create(
        self,
        actor: Actor,
        account: str,
        name: str,
        definition: FilterDefinition,
        *,
        enabled: bool = True,
    ) -> MetricFilter:
        """Make a filter; it is applied to events that are received from now on.

        Raises:
            InvalidInputError: the definition is wrong, or the account has too many filters.
            ConflictError: the account has a filter of this name.

        """
        name = check_text(name, field="name", max_length=MAX_NAME)
        definition.checked()
        with self._catalog.change(
            actor,
            "CreateMetricFilter",
            account=account,
            request=_request(name, definition, enabled=enabled),
            resources=[ResourceId(account, KIND, name)],
        ) as change:
            session, now = change.session, self._catalog.clock.now()
            find_account(session, account)
            _refuse_name(session, account, name)
            count = select(func.count()).where(MetricFilterRow.account == account)
            if (session.scalar(count) or 0) >= MAX_FILTERS:
                raise InvalidInputError(
                    f"the account has {MAX_FILTERS} metric filters, and no more are allowed",
                    field="name",
                    remedy="remove one, or join patterns with || or ?",
                )
            row = MetricFilterRow(
                id=new_id(), account=account, name=name, enabled=enabled,
                since=now, created=now, updated=now, **_columns(definition),
            )  # fmt: skip
            session.add(row)
            return _filter(row)

    def update(
        self,
        actor: Actor,
        account: str,
        filter_id: str,
        name: str,
        definition: FilterDefinition,
        *,
        enabled: bool = True,
    ) -> MetricFilter:
        """Change a filter as a whole; see ``create``."""
        name = check_text(name, field="name", max_length=MAX_NAME)
        definition.checked()
        with self._catalog.change(
            actor,
            "UpdateMetricFilter",
            account=account,
            request={"id": filter_id, **_request(name, definition, enabled=enabled)},
            resources=[ResourceId(account, KIND, name)],
        ) as change:
            session, now = change.session, self._catalog.clock.now()
            row = _find(session, account, filter_id)
            if name != row.name:
                _refuse_name(session, account, name)
            if enabled and not row.enabled:
                row.since = now
            row.name, row.enabled, row.updated = name, enabled, now
            for column, value in _columns(definition).items():
                setattr(row, column, value)
            return _filter(row)

    def delete(self, actor: Actor, account: str, filter_id: str) -> None:
        """Remove a filter; the metric's points stay."""
        with self._catalog.change(
            actor, "DeleteMetricFilter", account=account, request={"id": filter_id}
        ) as change:
            row = _find(change.session, account, filter_id)
            change.concern(ResourceId(account, KIND, row.name))
            change.session.delete(row)

    def get(self, account: str, filter_id: str) -> MetricFilter:
        """Return a filter; ``NotFoundError`` where the account has none of this id."""
        with self._catalog.read() as session:
            return _filter(_find(session, account, filter_id))

    def page(
        self, account: str, *, limit: int = DEFAULT_PAGE, after: str | None = None
    ) -> Page[MetricFilter]:
        """Return an account's filters by name; ``after`` is ``next`` of the page before."""
        query = select(MetricFilterRow).where(MetricFilterRow.account == account)
        if after is not None:
            query = query.where(MetricFilterRow.name > after)
        query = query.order_by(MetricFilterRow.name).limit(check_limit(limit) + 1)
        with self._catalog.read() as session:
            found = [_filter(row) for row in session.scalars(query)]
        page = found[:limit]
        return Page(page, page[-1].name if len(found) > limit else None)

    def enabled(self) -> dict[str, list[MetricFilter]]:
        """Return every account's filters that are to be applied, by account."""
        query = (
            select(MetricFilterRow)
            .where(MetricFilterRow.enabled)
            .order_by(MetricFilterRow.account, MetricFilterRow.id)
        )
        out: dict[str, list[MetricFilter]] = {}
        with self._catalog.read() as session:
            for row in session.scalars(query):
                out.setdefault(row.account, []).append(_filter(row))
        return out


def _find(session: Session, account: str, filter_id: str) -> MetricFilterRow:
    row = session.get(MetricFilterRow, filter_id) if filter_id.isalnum() else None
    if row is None or row.account != account:
        raise NotFoundError(
            f"there is no metric filter {filter_id[:80]!r}", field="id", remedy="list them first"
        )
    return row


def _refuse_name(session: Session, account: str, name: str) -> None:
    query = select(MetricFilterRow.id).where(
        MetricFilterRow.account == account, MetricFilterRow.name == name
    )
    if session.scalar(query) is not None:
        raise ConflictError(
            f"there is a metric filter {name!r} already",
            field="name",
            remedy="choose another name, or change that one",
        )


def _request(name: str, definition: FilterDefinition, *, enabled: bool) -> dict[str, Any]:
    return {"name": name, **asdict(definition), "enabled": enabled}


def _columns(definition: FilterDefinition) -> dict[str, Any]:
    return {
        **asdict(definition),
        "dimensions": orjson.dumps(dict(definition.dimensions)).decode(),
    }


def _filter(row: MetricFilterRow) -> MetricFilter:
    definition = FilterDefinition(
        pattern=row.pattern,
        metric=row.metric,
        namespace=row.namespace,
        value=row.value,
        default_value=row.default_value,
        unit=row.unit,
        dimensions=orjson.loads(row.dimensions),
        service=row.service,
    )
    return MetricFilter(
        row.id, row.account, row.name, definition,
        row.enabled, row.since, row.created, row.updated,
    )  # fmt: skip
