"""Datasets that models are evaluated on: their names, tags and experiments."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select

from vedette.core.errors import NotFoundError
from vedette.core.identity import ResourceId
from vedette.models.context import Caller, now_ms
from vedette.models.filters import Field, Fields, Keyed, Kind, Order, Searchable, parse_filter
from vedette.models.limits import (
    MAX_DATASET_NAME,
    MAX_EXPERIMENT_TAG_VALUE,
    check_key,
    check_length,
    check_name,
)
from vedette.models.paging import decode_token, query_hash, token_after
from vedette.models.rows import (
    delete_key,
    insert_missing,
    keyed_rows,
    keyed_values,
    table_of,
    upsert,
)
from vedette.models.tracking.experiments import find
from vedette.store.catalog.evaluation_models import (
    EvaluationDatasetExperimentRow,
    EvaluationDatasetRow,
    EvaluationDatasetTagRow,
    EvaluationRecordRow,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MAX_PAGE = 1000
_USER_TAG = "mlflow.user"
_ATTRIBUTES = Fields(
    {
        "name": Field(EvaluationDatasetRow.name),
        "created_by": Field(EvaluationDatasetRow.created_by),
        "last_updated_by": Field(EvaluationDatasetRow.updated_by),
        "created_time": Field(EvaluationDatasetRow.created_ms, Kind.NUMBER),
        "last_update_time": Field(EvaluationDatasetRow.updated_ms, Kind.NUMBER),
    }
)
_TAGS = Keyed(table_of(EvaluationDatasetTagRow), [("dataset_id", EvaluationDatasetRow.id)])
SEARCHABLE = Searchable(
    {"": _ATTRIBUTES, "attribute": _ATTRIBUTES, "attributes": _ATTRIBUTES, "tag": _TAGS, "tags": _TAGS},
    [EvaluationDatasetRow.id.desc()],
)  # fmt: skip
_NEWEST = (Order("", "created_time", ascending=False),)


@dataclass(frozen=True, slots=True)
class EvaluationDataset:
    """A dataset without its records; moments in milliseconds since the epoch."""

    id: str
    name: str
    schema: str | None
    records: int
    created_ms: int
    updated_ms: int
    created_by: str
    updated_by: str
    tags: Mapping[str, str] = field(default_factory=dict)
    experiment_ids: Sequence[str] = ()

    @property
    def digest(self) -> str:
        """A short text that changes with the records."""
        state = f"{self.id} {self.records} {self.updated_ms}"
        return hashlib.sha256(state.encode()).hexdigest()[:8]


class EvaluationDatasets:
    """Evaluation datasets of one account."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(
        self, name: str, tags: Mapping[str, str], experiment_ids: Sequence[str]
    ) -> EvaluationDataset:
        """Create a dataset without records; several may have one name."""
        check_name(name, field="name", most=MAX_DATASET_NAME)
        checked = _check_tags(tags)
        identity, now = f"d-{uuid.uuid4().hex}", now_ms()
        by = checked.get(_USER_TAG) or self._caller.actor.name
        with self._caller.change(
            "CreateEvaluationDataset", {"name": name}, [self.resource(identity)]
        ) as change:
            row = EvaluationDatasetRow(
                id=identity, account=self._caller.account, name=name, schema=None, records=0,
                created_ms=now, updated_ms=now, created_by=by, updated_by=by,
            )  # fmt: skip
            change.session.add(row)
            change.session.flush()
            upsert(
                change.session, EvaluationDatasetTagRow, keyed_rows(checked, dataset_id=identity)
            )
            self._link(change.session, identity, experiment_ids)
            return self._views(change.session, [row])[0]

    def resource(self, dataset_id: str) -> ResourceId:
        """Return the identity of a dataset."""
        return ResourceId(self._caller.account, "evaluation_dataset", dataset_id or "-")

    def get(self, dataset_id: str) -> EvaluationDataset:
        """Return a dataset; ``NotFoundError`` where there is none."""
        with self._caller.read() as session:
            row = find_dataset(session, self._caller.account, dataset_id)
            return self._views(session, [row])[0]

    def delete(self, dataset_id: str) -> None:
        """Delete a dataset with its records; one that is not there is deleted already."""
        with self._caller.change(
            "DeleteEvaluationDataset", resources=[self.resource(dataset_id)]
        ) as change:
            row = change.session.get(EvaluationDatasetRow, dataset_id)
            if row is None or row.account != self._caller.account:
                change.cancel()
            for owned in (
                EvaluationDatasetTagRow,
                EvaluationDatasetExperimentRow,
                EvaluationRecordRow,
            ):
                table = table_of(owned)
                change.session.execute(delete(table).where(table.c.dataset_id == dataset_id))
            change.session.delete(row)

    def set_tags(self, dataset_id: str, tags: Mapping[str, str]) -> EvaluationDataset:
        """Set tags, beside those that are there."""
        checked = _check_tags(tags)
        with self._caller.change(
            "SetEvaluationDatasetTags", {"tags": checked}, [self.resource(dataset_id)]
        ) as change:
            row = find_dataset(change.session, self._caller.account, dataset_id)
            upsert(change.session, EvaluationDatasetTagRow, keyed_rows(checked, dataset_id=row.id))
            row.updated_ms = now_ms()
            row.updated_by = checked.get(_USER_TAG) or self._caller.actor.name
            return self._views(change.session, [row])[0]

    def delete_tag(self, dataset_id: str, key: str) -> None:
        """Delete a tag; ``NotFoundError`` where it is not there."""
        with self._caller.change(
            "DeleteEvaluationDatasetTag", {"key": key}, [self.resource(dataset_id)]
        ) as change:
            row = find_dataset(change.session, self._caller.account, dataset_id)
            delete_key(change.session, EvaluationDatasetTagRow, {"dataset_id": row.id}, key)

    def add_experiments(self, dataset_id: str, experiment_ids: Sequence[str]) -> EvaluationDataset:
        """Say that a dataset is for further experiments, too."""
        with self._caller.change(
            "AddEvaluationDatasetToExperiments",
            {"experiment_ids": list(experiment_ids)},
            [self.resource(dataset_id)],
        ) as change:
            row = find_dataset(change.session, self._caller.account, dataset_id)
            self._link(change.session, row.id, experiment_ids)
            return self._views(change.session, [row])[0]

    def remove_experiments(
        self, dataset_id: str, experiment_ids: Sequence[str]
    ) -> EvaluationDataset:
        """Say that a dataset is for some experiments no more; those it is not for are passed over."""
        links = table_of(EvaluationDatasetExperimentRow)
        with self._caller.change(
            "RemoveEvaluationDatasetFromExperiments",
            {"experiment_ids": list(experiment_ids)},
            [self.resource(dataset_id)],
        ) as change:
            row = find_dataset(change.session, self._caller.account, dataset_id)
            change.session.execute(
                delete(links).where(
                    links.c.dataset_id == row.id, links.c.experiment_id.in_(list(experiment_ids))
                )
            )
            return self._views(change.session, [row])[0]

    def search(
        self,
        experiment_ids: Sequence[str] = (),
        *,
        filter_: str | None = None,
        order_by: Sequence[str] = (),
        max_results: int = MAX_PAGE,
        page_token: str | None = None,
    ) -> tuple[list[EvaluationDataset], str | None]:
        """Return a page of datasets, the newest first, and the token of the next one."""
        query = query_hash(experiment_ids, filter_, order_by)
        offset = decode_token(page_token, query)
        chosen = select(EvaluationDatasetRow).where(
            EvaluationDatasetRow.account == self._caller.account
        )
        if experiment_ids:
            links = EvaluationDatasetExperimentRow
            chosen = chosen.where(
                exists().where(
                    links.dataset_id == EvaluationDatasetRow.id,
                    links.experiment_id.in_(list(experiment_ids)),
                )
            )
        orders = [Order.parse(text) for text in order_by] or _NEWEST
        chosen = SEARCHABLE.apply(chosen, parse_filter(filter_), orders, self._caller.dialect)
        with self._caller.read() as session:
            rows = session.scalars(chosen.offset(offset).limit(max_results + 1)).all()
            found = self._views(session, rows[:max_results])
        more = token_after(len(rows), offset, max_results, query)
        return found, more

    def _link(self, session: Session, dataset_id: str, experiment_ids: Sequence[str]) -> None:
        for experiment_id in experiment_ids:
            find(session, self._caller.account, experiment_id)
        rows = [{"dataset_id": dataset_id, "experiment_id": one} for one in experiment_ids]
        insert_missing(session, EvaluationDatasetExperimentRow, rows)

    def _views(
        self, session: Session, rows: Sequence[EvaluationDatasetRow]
    ) -> list[EvaluationDataset]:
        ids = [row.id for row in rows]
        tags = keyed_values(session, EvaluationDatasetTagRow, "dataset_id", ids)
        links = EvaluationDatasetExperimentRow
        experiments: dict[str, list[str]] = {}
        chosen = select(links.dataset_id, links.experiment_id).where(links.dataset_id.in_(ids))
        for dataset_id, experiment_id in session.execute(chosen.order_by(links.experiment_id)):
            experiments.setdefault(dataset_id, []).append(experiment_id)
        return [
            EvaluationDataset(
                row.id, row.name, row.schema, row.records, row.created_ms, row.updated_ms,
                row.created_by, row.updated_by, tags.get(row.id, {}), experiments.get(row.id, ()),
            )
            for row in rows
        ]  # fmt: skip


def find_dataset(session: Session, account: str, dataset_id: str) -> EvaluationDatasetRow:
    """Return the row of a dataset; ``NotFoundError`` where there is none."""
    row = session.get(EvaluationDatasetRow, dataset_id)
    if row is None or row.account != account:
        raise NotFoundError(
            f"Evaluation dataset with id={dataset_id[:64]!r} not found", field="dataset_id"
        )
    return row


def _check_tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {
        check_key(key): check_length(value, MAX_EXPERIMENT_TAG_VALUE, field="tags")
        for key, value in tags.items()
    }
