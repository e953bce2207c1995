"""Records of evaluation datasets: inputs with what is expected of a model's answer to them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import delete, func, select

from vedette.core.errors import InvalidInputError
from vedette.models.context import Caller, now_ms
from vedette.models.evaluation.datasets import EvaluationDatasets, find_dataset
from vedette.models.paging import decode_token, query_hash, token_after
from vedette.models.rows import chunks, insert_into, table_of
from vedette.store.catalog.evaluation_models import EvaluationDatasetRow, EvaluationRecordRow

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

MAX_RECORDS = 10_000
"""Most records of one call."""
_MERGED = ("expectations", "tags")
_OBJECTS = ("inputs", *_MERGED, "source")
_SCHEMA_VERSION = "1.0"
_SOURCES = ("UNSPECIFIED", "TRACE", "HUMAN", "DOCUMENT", "CODE")
_TABLE = table_of(EvaluationRecordRow)
Document = dict[str, Any]


class EvaluationRecords:
    """Records of the evaluation datasets of one account."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def upsert(self, dataset_id: str, records: Sequence[Any], by: str = "") -> tuple[int, int]:
        """Insert records, and merge those whose inputs are there; return how many of each.

        Expectations and tags are merged by name, outputs replaced where they are given; where a
        record came from stays as it was first.
        """
        given = _by_inputs(records)
        now = now_ms()
        with self._caller.change(
            "UpsertEvaluationRecords",
            {"records": len(records)},
            [EvaluationDatasets(self._caller).resource(dataset_id)],
        ) as change:
            session = change.session
            dataset = find_dataset(session, self._caller.account, dataset_id)
            by = by or self._caller.actor.name
            there = _find(session, dataset.id, list(given))
            new = []
            for digest, document in given.items():
                if (old := there.get(digest)) is not None:
                    merged = _merge(orjson.loads(old.document), document)
                    old.document = _dump({**merged, "last_updated_by": _user(document, by)})
                    old.updated_ms = now
                    continue
                user = _user(document, by)
                new.append(
                    {
                        "id": f"dr-{uuid.uuid4().hex}", "dataset_id": dataset.id,
                        "inputs_hash": digest, "created_ms": now, "updated_ms": now,
                        "document": _dump({**document, "created_by": user, "last_updated_by": user}),
                    }
                )  # fmt: skip
            if new:
                session.execute(insert_into(session, EvaluationRecordRow), new)
            dataset.schema = _schema(dataset.schema, given.values())
            dataset.records += len(new)
            dataset.updated_ms, dataset.updated_by = now, by
            change.respond(inserted=len(new), updated=len(there))
            return len(new), len(there)

    def page(
        self,
        dataset_id: str,
        max_results: int,
        page_token: str | None = None,
        *,
        most: int | None = None,
    ) -> tuple[list[Document], str | None]:
        """Return a page of records, those of the earliest call first, and the next one's token.

        Args:
            dataset_id: whose.
            max_results: most records.
            page_token: of the page before.
            most: characters after which a page ends, though it always has one record.

        """
        query = query_hash("records", dataset_id)
        offset = decode_token(page_token, query)
        row = EvaluationRecordRow
        with self._caller.read() as session:
            find_dataset(session, self._caller.account, dataset_id)
            # Sizes go first: one page of long records would be a gigabyte.
            sizes = session.scalars(
                _page_of(select(func.length(row.document)), dataset_id, offset, max_results + 1)
            ).all()
            kept = _fitting(sizes[:max_results], most)
            rows = session.scalars(_page_of(select(row), dataset_id, offset, kept)).all()
        more = token_after(len(sizes), offset, kept, query)
        return [_view(one) for one in rows], more

    def delete(self, dataset_id: str, record_ids: Sequence[str]) -> int:
        """Delete records; return how many there were."""
        with self._caller.change(
            "DeleteEvaluationRecords",
            {"records": len(record_ids)},
            [EvaluationDatasets(self._caller).resource(dataset_id)],
        ) as change:
            session = change.session
            dataset = find_dataset(session, self._caller.account, dataset_id)
            for part in chunks(record_ids):
                session.execute(
                    delete(_TABLE).where(_TABLE.c.dataset_id == dataset.id, _TABLE.c.id.in_(part))
                )
            left = _count(session, dataset)
            deleted, dataset.records = dataset.records - left, left
            dataset.updated_ms, dataset.updated_by = now_ms(), self._caller.actor.name
            change.respond(deleted=deleted)
            return deleted


def _page_of(chosen: Select[Any], dataset_id: str, offset: int, limit: int) -> Select[Any]:
    row = EvaluationRecordRow
    of = chosen.where(row.dataset_id == dataset_id).order_by(row.created_ms, row.id)
    return of.offset(offset).limit(limit)


def _fitting(sizes: Sequence[int], most: int | None) -> int:
    """Return how many of the first records have that many characters together, at least one."""
    if most is None:
        return len(sizes)
    return max(sum(size <= most for size in accumulate(sizes)), min(1, len(sizes)))


def _count(session: Session, dataset: EvaluationDatasetRow) -> int:
    counted = select(func.count()).select_from(_TABLE).where(_TABLE.c.dataset_id == dataset.id)
    return session.scalar(counted) or 0


def _find(
    session: Session, dataset_id: str, hashes: Sequence[str]
) -> dict[str, EvaluationRecordRow]:
    found: dict[str, EvaluationRecordRow] = {}
    for part in chunks(hashes):
        chosen = select(EvaluationRecordRow).where(
            EvaluationRecordRow.dataset_id == dataset_id, EvaluationRecordRow.inputs_hash.in_(part)
        )
        found.update({row.inputs_hash: row for row in session.scalars(chosen)})
    return found


def _by_inputs(records: Sequence[Any]) -> dict[str, Document]:
    """Return checked records by the hash of their inputs; those of one call with the same are one."""
    if len(records) > MAX_RECORDS:
        raise InvalidInputError(
            f"{len(records)} records are too many for one call",
            field="records",
            remedy=f"send up to {MAX_RECORDS} at a time",
        )
    found: dict[str, Document] = {}
    for number, record in enumerate(records):
        document = _checked(record, f"records[{number}]")
        inputs = orjson.dumps(document["inputs"], option=orjson.OPT_SORT_KEYS)
        digest = hashlib.sha256(inputs).hexdigest()
        found[digest] = _merge(found[digest], document) if digest in found else document
    return found


def _checked(record: Any, field: str) -> Document:  # noqa: ANN401 - JSON
    if not isinstance(record, dict) or not isinstance(record.get("inputs"), dict):
        raise InvalidInputError(
            "each record must be an object with an object 'inputs'", field=f"{field}.inputs"
        )
    for name in _OBJECTS:
        if not isinstance(record.get(name) or {}, dict):
            raise InvalidInputError(f"{name!r} is not an object", field=f"{field}.{name}")
    document = {
        name: record[name] for name in (*_OBJECTS, "outputs") if record.get(name) is not None
    }
    kind = (document.get("source") or {}).get("source_type", "UNSPECIFIED")
    if str(kind).upper() not in _SOURCES:
        raise InvalidInputError(
            f"{str(kind)[:40]!r} is not a type of source",
            field=f"{field}.source.source_type",
            remedy=f"use one of {', '.join(_SOURCES)}",
        )
    return document


def _merge(old: Document, new: Document) -> Document:
    merged = {name: {**old.get(name, {}), **new.get(name, {})} for name in _MERGED}
    outputs = {"outputs": new["outputs"]} if "outputs" in new else {}
    return {**old, **{name: value for name, value in merged.items() if value}, **outputs}


def _schema(text: str | None, documents: Any) -> str:  # noqa: ANN401 - values of a mapping
    """Return the names and types of what records hold, those that were known before too."""
    schema: dict[str, Any] = orjson.loads(text) if text else {}
    for document in documents:
        for part in ("inputs", "outputs", "expectations"):
            value = document.get(part)
            if isinstance(value, Mapping):
                known = schema.setdefault(part, {})
                if isinstance(known, dict):
                    known.update({name: _type_of(member) for name, member in value.items()})
    return _dump({"inputs": {}, "outputs": {}, "expectations": {}, **schema, "version": _SCHEMA_VERSION})  # fmt: skip


def _type_of(value: object) -> str:
    if value is None:
        return "null"
    kinds = {bool: "boolean", int: "integer", float: "float", str: "string", list: "array"}
    return kinds.get(type(value), "object")


def _user(document: Document, otherwise: str) -> str:
    return str(document.get("tags", {}).get("mlflow.user") or otherwise)


def _view(row: EvaluationRecordRow) -> Document:
    document: Document = orjson.loads(row.document)
    source = document.get("source") or {}
    data = source.get("source_data") or {}
    kind = str(source.get("source_type", "UNSPECIFIED")).upper()
    known = {
        "source_type": kind if source else None,
        "source_id": data.get("trace_id" if kind == "TRACE" else "source_id"),
    }
    return {
        "dataset_record_id": row.id,
        "dataset_id": row.dataset_id,
        **document,
        **{name: value for name, value in known.items() if value is not None},
        "created_time": row.created_ms,
        "last_update_time": row.updated_ms,
    }


def _dump(value: Document) -> str:
    return orjson.dumps(value).decode()
