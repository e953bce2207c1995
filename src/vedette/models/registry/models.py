"""Registered models: names under which versions are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, delete, exists, not_, select

from vedette.core.errors import ConflictError, InvalidInputError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.models.context import Caller, now_ms
from vedette.models.filters import (
    Clause,
    Field,
    Fields,
    Keyed,
    Kind,
    Operator,
    Order,
    Searchable,
    parse_filter,
)
from vedette.models.limits import (
    MAX_DESCRIPTION,
    MAX_MODEL_NAME,
    MAX_MODEL_TAG_VALUE,
    check_key,
    check_length,
    check_name,
)
from vedette.models.paging import decode_token, query_hash, token_after
from vedette.models.registry.approval_records import remove_requests
from vedette.models.registry.events import announce_of_model
from vedette.models.registry.records import PROMPT_TAG, Model, find_model, whole_models
from vedette.models.rows import delete_key, keyed_rows, table_of, upsert
from vedette.models.tracking.runs import Pairs
from vedette.store.catalog.registry_models import (
    ApprovalRequestRow,
    ModelAliasRow,
    ModelCardRow,
    ModelVersionRow,
    ModelVersionTagRow,
    RegisteredModelRow,
    RegisteredModelTagRow,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MAX_PAGE = 1000
"""Prompts are registered models with this tag; searches leave them out unless they ask for it."""
_FIELDS = Fields(
    {
        "name": Field(RegisteredModelRow.name),
        "creation_timestamp": Field(RegisteredModelRow.created_ms, Kind.NUMBER),
        "timestamp": Field(RegisteredModelRow.updated_ms, Kind.NUMBER),
        "last_updated_timestamp": Field(RegisteredModelRow.updated_ms, Kind.NUMBER),
    }
)
_TAGS = Keyed(table_of(RegisteredModelTagRow), [("model_id", RegisteredModelRow.id)])
SEARCHABLE = Searchable(
    {
        "": _FIELDS,
        **dict.fromkeys(("attribute", "attributes", "attr"), _FIELDS),
        **dict.fromkeys(("tag", "tags"), _TAGS),
    },
    [RegisteredModelRow.name],
)


class Models:
    """Registered models of one account."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def resource(self, name: str) -> ResourceId:
        """Return the identity of a model."""
        return ResourceId(self._caller.account, "model", name or "-")

    def create(self, name: str, *, description: str = "", tags: Pairs = ()) -> Model:
        """Register a model's name; ``ConflictError`` where it is taken."""
        _check_model_name(name)
        check_length(description, MAX_DESCRIPTION, field="description")
        checked = check_tags(tags)
        now = now_ms()
        with self._caller.change(
            "CreateRegisteredModel", {"name": name, "tags": checked}, [self.resource(name)]
        ) as change:
            session = change.session
            self._require_free(session, name)
            row = RegisteredModelRow(
                id=new_id(),
                account=self._caller.account,
                name=name,
                description=description,
                user_id=self._caller.actor.name,
                created_ms=now,
                updated_ms=now,
                last_version=0,
            )
            session.add(row)
            session.flush()
            upsert(session, RegisteredModelTagRow, keyed_rows(checked, model_id=row.id))
            event = {"name": name, "description": description, "tags": checked}
            self._announce(session, row, "REGISTERED_MODEL", "CREATED", event)
            return whole_models(session, [row])[0]

    def get(self, name: str) -> Model:
        """Return a model; ``NotFoundError`` where there is none."""
        with self._caller.read() as session:
            return whole_models(session, [find_model(session, self._caller.account, name)])[0]

    def rename(self, name: str, new_name: str) -> Model:
        """Give a model another name; ``ConflictError`` where that is taken."""
        _check_model_name(new_name, field="new_name")
        with self._caller.change(
            "RenameRegisteredModel", {"new_name": new_name}, [self.resource(name)]
        ) as change:
            row = find_model(change.session, self._caller.account, name)
            if new_name != name:
                self._require_free(change.session, new_name)
            row.name, row.updated_ms = new_name, now_ms()
            change.session.flush()
            change.concern(self.resource(new_name))
            return whole_models(change.session, [row])[0]

    def describe(self, name: str, description: str) -> Model:
        """Set a model's description."""
        check_length(description, MAX_DESCRIPTION, field="description")
        with self._caller.change(
            "UpdateRegisteredModel", {"description": description}, [self.resource(name)]
        ) as change:
            row = find_model(change.session, self._caller.account, name)
            row.description, row.updated_ms = description, now_ms()
            change.session.flush()
            return whole_models(change.session, [row])[0]

    def delete(self, name: str) -> None:
        """Delete a model with its versions and all that belongs to them."""
        with self._caller.change(
            "DeleteRegisteredModel", resources=[self.resource(name)]
        ) as change:
            session = change.session
            row = find_model(session, self._caller.account, name)
            self._announce(session, row, "REGISTERED_MODEL", "DELETED", {"name": name})
            remove_requests(session, ApprovalRequestRow.model_id == row.id)
            for table in (ModelCardRow, ModelAliasRow, ModelVersionTagRow):
                session.execute(delete(table).where(table.model_id == row.id))
            session.execute(delete(ModelVersionRow).where(ModelVersionRow.model_id == row.id))
            session.execute(
                delete(RegisteredModelTagRow).where(RegisteredModelTagRow.model_id == row.id)
            )
            session.delete(row)

    def set_tag(self, name: str, key: str, value: str) -> None:
        """Set a tag of a model."""
        checked = check_tags([(key, value)])
        with self._caller.change(
            "SetRegisteredModelTag", {"tags": checked}, [self.resource(name)]
        ) as change:
            row = find_model(change.session, self._caller.account, name)
            upsert(change.session, RegisteredModelTagRow, keyed_rows(checked, model_id=row.id))
            row.updated_ms = now_ms()
            event = {"name": name, "key": key, "value": value}
            self._announce(change.session, row, "REGISTERED_MODEL_TAG", "SET", event)

    def delete_tag(self, name: str, key: str, *, missing_ok: bool = False) -> None:
        """Delete a tag of a model; one that is not there is an error unless ``missing_ok``."""
        with self._caller.change(
            "DeleteRegisteredModelTag", {"key": key}, [self.resource(name)]
        ) as change:
            row = find_model(change.session, self._caller.account, name)
            owner = {"model_id": row.id}
            if delete_key(change.session, RegisteredModelTagRow, owner, key, missing_ok=missing_ok):
                event = {"name": name, "key": key}
                self._announce(change.session, row, "REGISTERED_MODEL_TAG", "DELETED", event)
                row.updated_ms = now_ms()

    def search(
        self,
        *,
        filter_: str | None = None,
        order_by: Sequence[str] = (),
        max_results: int = 100,
        page_token: str | None = None,
    ) -> tuple[list[Model], str | None]:
        """Return a page of models, by name unless ordered otherwise, and the next token."""
        query = query_hash(filter_, order_by)
        offset = decode_token(page_token, query)
        clauses, prompts = split_prompts(parse_filter(filter_))
        orders = [Order.parse(text) for text in order_by]
        chosen = select(RegisteredModelRow).where(
            RegisteredModelRow.account == self._caller.account, _is_prompt(wanted=prompts)
        )
        chosen = SEARCHABLE.apply(chosen, clauses, orders, self._caller.dialect)
        with self._caller.read() as session:
            rows = session.scalars(chosen.offset(offset).limit(max_results + 1)).all()
            models = whole_models(session, rows[:max_results])
        more = token_after(len(rows), offset, max_results, query)
        return models, more

    def _announce(
        self,
        session: Session,
        row: RegisteredModelRow,
        entity: str,
        action: str,
        event: Mapping[str, Any],
    ) -> None:
        announce_of_model(session, self._caller.account, row.id, entity, action, event)

    def _require_free(self, session: Session, name: str) -> None:
        taken = exists().where(
            RegisteredModelRow.account == self._caller.account, RegisteredModelRow.name == name
        )
        if session.scalar(select(taken)):
            raise ConflictError(
                f"Registered Model (name={name[:200]}) already exists.", field="name"
            )


def split_prompts(clauses: Sequence[Clause]) -> tuple[list[Clause], bool]:
    """Return the clauses but those on the tag of prompts, and whether prompts are wanted."""
    of_tag = [c for c in clauses if c.entity in {"tag", "tags"} and c.key == PROMPT_TAG]
    wanted = any(
        (c.operator is Operator.EQ and c.value == "true")
        or (c.operator is Operator.NE and c.value != "true")
        or c.operator is Operator.IS_NOT_NULL
        for c in of_tag
    )
    return [clause for clause in clauses if clause not in of_tag], wanted


def _is_prompt(*, wanted: bool) -> ColumnElement[bool]:
    tagged = exists().where(
        RegisteredModelTagRow.model_id == RegisteredModelRow.id,
        RegisteredModelTagRow.key == PROMPT_TAG,
        RegisteredModelTagRow.value == "true",
    )
    return tagged if wanted else not_(tagged)


def check_tags(tags: Pairs) -> dict[str, str]:
    """Return tags of a model or version by key."""
    return {
        check_key(key): check_length(value, MAX_MODEL_TAG_VALUE, field="value")
        for key, value in tags
    }


def _check_model_name(name: str, *, field: str = "name") -> None:
    check_name(name, field=field, most=MAX_MODEL_NAME)
    if name in {".", ".."}:
        raise InvalidInputError(
            f"Invalid name {name!r} of a registered model: in an address it stands for another place",
            field=field,
            remedy="choose another name",
        )
    if "/" in name or ":" in name:
        raise InvalidInputError(
            f"Invalid name {name[:100]!r} of a registered model: it may not hold slashes or colons, "
            "which stand for versions in model URIs",
            field=field,
            remedy="choose another name",
        )
