"""Questions that reviewers of an experiment's traces are asked.

An answer is an assessment of the trace under the question's name; it stays when the question goes.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.models.context import Caller, now_ms
from vedette.models.limits import MAX_KEY, check_length, check_name
from vedette.models.paging import decode_token, query_hash, token_after
from vedette.models.review.label_inputs import Input, check_input, check_same_kind
from vedette.models.tracking.experiments import find_active
from vedette.store.catalog import Actor
from vedette.store.catalog.review_models import LabelSchemaRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

TYPES = ("FEEDBACK", "EXPECTATION")
MAX_PAGE = 1000
MAX_INSTRUCTION = 1000
DEFAULT = "Feedback"
"""The question that every experiment has; it can neither be changed nor deleted."""
_DEFAULT_INSTRUCTION = "What do you make of this trace?"


@dataclass(frozen=True, slots=True)
class LabelSchema:
    """A question; ``type`` is one of ``TYPES``, moments in milliseconds since the epoch."""

    id: str
    experiment_id: str
    name: str
    type: str
    instruction: str | None
    enable_comment: bool
    input: Input
    is_default: bool
    created_by: str
    created_ms: int
    updated_ms: int


class LabelSchemas:
    """Questions of one account's experiments."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(
        self,
        experiment_id: str,
        name: str,
        type_: str,
        input_: Input,
        *,
        instruction: str | None = None,
        enable_comment: bool = False,
    ) -> LabelSchema:
        """Add a question; ``ConflictError`` where the experiment has one of that name."""
        _check_name(name)
        check_length(instruction or "", MAX_INSTRUCTION, field="instruction")
        checked = check_input(input_)
        row = self._row(experiment_id, name, type_, checked, instruction, comment=enable_comment)
        with self._caller.change(
            "CreateLabelSchema", {"name": name}, [self._caller.experiment(experiment_id)]
        ) as change:
            find_active(change.session, self._caller.account, experiment_id)
            self._require_free(change.session, experiment_id, name)
            change.session.add(row)
            return _view(row)

    def get(self, schema_id: str) -> LabelSchema:
        """Return a question; ``NotFoundError`` where there is none."""
        with self._caller.read() as session:
            return _view(self._find(session, schema_id))

    def named(self, experiment_id: str, name: str) -> LabelSchema:
        """Return the question of an experiment that has this name."""
        with self._caller.read() as session:
            find_active(session, self._caller.account, experiment_id)
            row = self._named(session, experiment_id, name)
            if row is None:
                raise NotFoundError(
                    f"Label schema with name '{name[:100]}' not found for experiment "
                    f"'{experiment_id}'.",
                    field="name",
                )
            return _view(row)

    def list(
        self, experiment_id: str, max_results: int, page_token: str | None = None
    ) -> tuple[list[LabelSchema], str | None]:
        """Return a page of an experiment's questions, the newest first, and the next page's token.

        The question that every experiment has is made when it is first asked for.
        """
        query = query_hash("label schemas", experiment_id)
        offset = decode_token(page_token, query)
        account = self._caller.account
        chosen = (
            select(LabelSchemaRow)
            .where(LabelSchemaRow.account == account)
            .where(LabelSchemaRow.experiment_id == experiment_id)
            .order_by(LabelSchemaRow.created_ms.desc(), LabelSchemaRow.id)
        )
        self._ensure_default(experiment_id)
        with self._caller.read() as session:
            found = session.scalars(chosen.offset(offset).limit(max_results + 1)).all()
        more = token_after(len(found), offset, max_results, query)
        return [_view(row) for row in found[:max_results]], more

    def update(
        self,
        schema_id: str,
        *,
        name: str | None = None,
        instruction: str | None = None,
        enable_comment: bool | None = None,
        input_: Input | None = None,
    ) -> LabelSchema:
        """Change what is given; the kinds of question and of input stay as they are."""
        given: Mapping[str, Any] = {
            "name": name, "instruction": instruction, "enable_comment": enable_comment,
        }  # fmt: skip
        changes = {key: value for key, value in given.items() if value is not None}
        if name is not None:
            _check_name(name)
        check_length(instruction or "", MAX_INSTRUCTION, field="instruction")
        with self._caller.change("UpdateLabelSchema", changes) as change:
            row = self._find(change.session, schema_id)
            change.concern(self._caller.experiment(row.experiment_id))
            _refuse_default(row)
            if name is not None and name != row.name:
                self._require_free(change.session, row.experiment_id, name)
            if input_ is not None:
                checked = check_input(input_)
                check_same_kind(orjson.loads(row.input), checked)
                row.input = orjson.dumps(checked).decode()
            for key, value in changes.items():
                setattr(row, key, value)
            row.updated_ms = now_ms()
            return _view(row)

    def delete(self, schema_id: str) -> None:
        """Delete a question; one that is not there is deleted already."""
        with self._caller.change("DeleteLabelSchema", {"schema_id": schema_id}) as change:
            row = change.session.get(LabelSchemaRow, schema_id)
            if row is None or row.account != self._caller.account:
                change.cancel()
                return
            change.concern(self._caller.experiment(row.experiment_id))
            _refuse_default(row)
            change.session.delete(row)

    def _ensure_default(self, experiment_id: str) -> None:
        account = self._caller.account
        with self._caller.read() as session:
            find_active(session, account, experiment_id)
            if self._named(session, experiment_id, DEFAULT) is not None:
                return
        row = self._row(
            experiment_id, DEFAULT, "FEEDBACK", {"text": {}}, _DEFAULT_INSTRUCTION, default=True
        )
        # The server adds it, for whoever looks first: a viewer changes nothing.
        server = replace(self._caller, actor=Actor.system("reviews"))
        with server.change(
            "CreateLabelSchema", {"name": DEFAULT}, [self._caller.experiment(experiment_id)]
        ) as change:
            if self._named(change.session, experiment_id, DEFAULT) is not None:
                change.cancel()
            change.session.add(row)

    def _row(
        self, experiment_id: str, name: str, type_: str, input_: Input, instruction: str | None,
        *, comment: bool = False, default: bool = False,
    ) -> LabelSchemaRow:  # fmt: skip
        now = now_ms()
        return LabelSchemaRow(
            id=f"ls-{uuid.uuid4().hex}", account=self._caller.account, name=name, type=type_,
            experiment_id=experiment_id, instruction=instruction, enable_comment=comment,
            input=orjson.dumps(input_).decode(), is_default=default,
            created_by=self._caller.actor.name, created_ms=now, updated_ms=now,
        )  # fmt: skip

    def _named(self, session: Session, experiment_id: str, name: str) -> LabelSchemaRow | None:
        row = LabelSchemaRow
        return session.scalar(
            select(row)
            .where(row.account == self._caller.account, row.experiment_id == experiment_id)
            .where(row.name == name)
        )

    def _require_free(self, session: Session, experiment_id: str, name: str) -> None:
        if self._named(session, experiment_id, name) is not None:
            raise ConflictError(
                f"Label schema with name '{name[:100]}' already exists for experiment "
                f"'{experiment_id}'.",
                field="name",
            )

    def _find(self, session: Session, schema_id: str) -> LabelSchemaRow:
        row = session.get(LabelSchemaRow, schema_id)
        if row is None or row.account != self._caller.account:
            raise NotFoundError(
                f"Label schema with id '{schema_id[:100]}' not found.", field="schema_id"
            )
        return row


def _check_name(name: str) -> None:
    check_name(name, field="name", most=MAX_KEY)
    if name.strip().lower() == DEFAULT.lower():
        raise InvalidInputError(
            f"'{name}' is the name of the question that every experiment has",
            field="name",
            remedy="choose another name",
        )


def _refuse_default(row: LabelSchemaRow) -> None:
    if row.is_default:
        raise InvalidInputError(
            "The experiment's default question cannot be edited or deleted.", field="schema_id"
        )


def _view(row: LabelSchemaRow) -> LabelSchema:
    return LabelSchema(
        row.id, row.experiment_id, row.name, row.type, row.instruction, row.enable_comment,
        orjson.loads(row.input), row.is_default, row.created_by, row.created_ms, row.updated_ms,
    )  # fmt: skip
