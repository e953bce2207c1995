"""Versions of registered models: numbered without gaps, staged, and pointed to by aliases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.models.context import Caller, now_ms
from vedette.models.filters import Field, Fields, Keyed, Kind, Order, Searchable, parse_filter
from vedette.models.limits import MAX_DESCRIPTION, MAX_URI, check_length
from vedette.models.paging import decode_token, query_hash, token_after
from vedette.models.registry.approval_records import remove_requests
from vedette.models.registry.events import announce, announce_of_model
from vedette.models.registry.gates import require_approved
from vedette.models.registry.models import check_tags
from vedette.models.registry.records import (
    Version,
    find_model,
    find_version,
    whole_version,
    whole_versions,
)
from vedette.models.registry.stages import (
    MLFLOW_STAGES,
    SETTABLE,
    Stage,
    StageStatus,
    from_mlflow,
    to_mlflow,
)
from vedette.models.rows import delete_key, keyed_rows, table_of, upsert
from vedette.models.tracking.logged_models import find_model as find_logged_model
from vedette.models.tracking.runs import Pairs
from vedette.store.catalog.registry_models import (
    ApprovalRequestRow,
    ModelAliasRow,
    ModelCardRow,
    ModelVersionRow,
    ModelVersionTagRow,
    RegisteredModelRow,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

MAX_PAGE = 200_000
READY = "READY"
_MODELS_URI = re.compile(r"models:/+([^/@]+)(?:/([^/@]+)|@([^/]+))?")
_FIELDS = Fields(
    {
        "name": Field(RegisteredModelRow.name),
        "version_number": Field(ModelVersionRow.version, Kind.NUMBER),
        "version": Field(ModelVersionRow.version, Kind.NUMBER),
        "run_id": Field(ModelVersionRow.run_id),
        "source_path": Field(ModelVersionRow.source),
        "model_id": Field(ModelVersionRow.logged_model_id),
        "creation_timestamp": Field(ModelVersionRow.created_ms, Kind.NUMBER),
        "last_updated_timestamp": Field(ModelVersionRow.updated_ms, Kind.NUMBER),
    }
)
_TAGS = Keyed(
    table_of(ModelVersionTagRow),
    [("model_id", ModelVersionRow.model_id), ("version", ModelVersionRow.version)],
)
SEARCHABLE = Searchable(
    {
        "": _FIELDS,
        **dict.fromkeys(("attribute", "attributes", "attr"), _FIELDS),
        **dict.fromkeys(("tag", "tags"), _TAGS),
    },
    [ModelVersionRow.updated_ms.desc(), RegisteredModelRow.name, ModelVersionRow.version.desc()],
)


class Versions:
    """Versions of one account's models."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def resource(self, name: str, version: int) -> ResourceId:
        """Return the identity of a version."""
        return ResourceId(self._caller.account, "model", name or "-", str(version))

    def create(
        self,
        name: str,
        source: str,
        *,
        run_id: str = "",
        run_link: str = "",
        description: str = "",
        logged_model_id: str | None = None,
        tags: Pairs = (),
    ) -> Version:
        """Add a version; its number is one more than the last one's, also where many add at once."""
        check_length(source, MAX_URI, field="source")
        check_length(run_link, MAX_URI, field="run_link")
        check_length(description, MAX_DESCRIPTION, field="description")
        _check_source(source)
        checked, now = check_tags(tags), now_ms()
        request = {"name": name, "source": source, "run_id": run_id, "tags": checked}
        with self._caller.change("CreateModelVersion", request) as change:
            session = change.session
            model = find_model(session, self._caller.account, name)
            location, logged = self._resolve(session, source, logged_model_id)
            if logged and not run_id:
                found = find_logged_model(session, self._caller.account, logged)
                run_id = found.source_run_id or ""
            model.last_version, model.updated_ms = model.last_version + 1, now
            row = ModelVersionRow(
                model_id=model.id,
                version=model.last_version,
                account=self._caller.account,
                description=description,
                user_id=self._caller.actor.name,
                stage=Stage.DEVELOPMENT,
                stage_status=StageStatus.IN_PROGRESS,
                source=source,
                storage_location=location,
                run_id=run_id,
                run_link=run_link,
                logged_model_id=logged,
                status=READY,
                status_message="",
                created_ms=now,
                updated_ms=now,
            )
            session.add(row)
            session.flush()
            upsert(
                session,
                ModelVersionTagRow,
                keyed_rows(checked, model_id=row.model_id, version=row.version),
            )
            change.concern(self.resource(name, row.version))
            change.respond(version=row.version)
            _announce_created(session, name, row, checked)
            return whole_version(session, model, row)

    def get(self, name: str, version: int) -> Version:
        """Return a version; ``NotFoundError`` where there is none."""
        with self._caller.read() as session:
            return whole_version(
                session, *find_version(session, self._caller.account, name, version)
            )

    def describe(self, name: str, version: int, description: str) -> Version:
        """Set a version's description."""
        check_length(description, MAX_DESCRIPTION, field="description")
        with self._caller.change(
            "UpdateModelVersion", {"description": description}, [self.resource(name, version)]
        ) as change:
            model, row = find_version(change.session, self._caller.account, name, version)
            row.description, row.updated_ms = description, now_ms()
            change.session.flush()
            return whole_version(change.session, model, row)

    def delete(self, name: str, version: int) -> None:
        """Delete a version, with what points to it; its number is never given again."""
        with self._caller.change(
            "DeleteModelVersion", resources=[self.resource(name, version)]
        ) as change:
            session = change.session
            model, row = find_version(session, self._caller.account, name, version)
            remove_requests(
                session,
                ApprovalRequestRow.model_id == row.model_id,
                ApprovalRequestRow.version == row.version,
            )
            for table in (ModelCardRow, ModelAliasRow, ModelVersionTagRow):
                session.execute(
                    delete(table).where(
                        table.model_id == row.model_id, table.version == row.version
                    )
                )
            session.delete(row)
            model.updated_ms = now_ms()
            event = {"name": name, "version": str(version)}
            _announce(session, row, "MODEL_VERSION", "DELETED", event)

    def set_tag(self, name: str, version: int, key: str, value: str) -> None:
        """Set a tag of a version."""
        checked = check_tags([(key, value)])
        with self._caller.change(
            "SetModelVersionTag", {"tags": checked}, [self.resource(name, version)]
        ) as change:
            _, row = find_version(change.session, self._caller.account, name, version)
            upsert(
                change.session,
                ModelVersionTagRow,
                keyed_rows(checked, model_id=row.model_id, version=row.version),
            )
            event = {"name": name, "version": str(version), "key": key, "value": value}
            _announce(change.session, row, "MODEL_VERSION_TAG", "SET", event)

    def delete_tag(self, name: str, version: int, key: str, *, missing_ok: bool = False) -> None:
        """Delete a tag of a version; one that is not there is an error unless ``missing_ok``."""
        with self._caller.change(
            "DeleteModelVersionTag", {"key": key}, [self.resource(name, version)]
        ) as change:
            _, row = find_version(change.session, self._caller.account, name, version)
            owner = {"model_id": row.model_id, "version": row.version}
            if delete_key(change.session, ModelVersionTagRow, owner, key, missing_ok=missing_ok):
                event = {"name": name, "version": str(version), "key": key}
                _announce(change.session, row, "MODEL_VERSION_TAG", "DELETED", event)

    def transition(
        self, name: str, version: int, stage: Stage, *, archive_others: bool = False
    ) -> Version:
        """Bring a version into a stage.

        Raises:
            ForbiddenError: a rule asks for an approval that the version does not have.

        """
        if archive_others and stage not in {Stage.QA, Stage.PRE_PRODUCTION, Stage.PRODUCTION}:
            raise InvalidInputError(
                "archive_existing_versions is for the stages Staging and Production only",
                field="archive_existing_versions",
            )
        request = {"stage": stage, "archive_existing_versions": archive_others}
        with self._caller.change(
            "TransitionModelVersionStage", request, [self.resource(name, version)]
        ) as change:
            model, row = find_version(change.session, self._caller.account, name, version)
            if row.stage != stage:
                require_approved(change.session, self._caller.account, model, row, stage)
                enter_stage(change.session, model, row, stage, StageStatus.IN_PROGRESS)
            if archive_others:
                archive_versions(change.session, model, row)
            change.session.flush()
            return whole_version(change.session, model, row)

    def set_status(self, name: str, version: int, status: StageStatus) -> Version:
        """Set what is going on with a version in its stage; approvals set the rest themselves."""
        if status not in SETTABLE:
            raise InvalidInputError(
                f"{status} follows from approvals and is not set by hand",
                field="status",
                remedy=f"use one of {', '.join(SETTABLE)}",
            )
        with self._caller.change(
            "SetModelVersionStageStatus", {"status": status}, [self.resource(name, version)]
        ) as change:
            model, row = find_version(change.session, self._caller.account, name, version)
            if row.stage_status == StageStatus.PENDING_APPROVAL:
                raise ConflictError(
                    "an approval request waits", field="status", remedy="take it back first"
                )
            enter_stage(change.session, model, row, Stage(row.stage), status)
            change.session.flush()
            return whole_version(change.session, model, row)

    def latest(self, name: str, stages: Sequence[str] = ()) -> list[Version]:
        """Return the newest version of each of MLflow's stages, or of those that are named."""
        wanted = {to_mlflow(from_mlflow(stage)) for stage in stages} or set(MLFLOW_STAGES)
        newest: dict[str, Version] = {}
        with self._caller.read() as session:
            model = find_model(session, self._caller.account, name)
            chosen = (
                select(ModelVersionRow)
                .where(ModelVersionRow.model_id == model.id)
                .order_by(ModelVersionRow.version.desc())
            )
            rows: dict[str, ModelVersionRow] = {}
            for row in session.scalars(chosen):
                rows.setdefault(to_mlflow(row.stage), row)
            found = [row for stage, row in rows.items() if stage in wanted]
            for _, version in whole_versions(session, found, {model.id: model.name}):
                newest[to_mlflow(version.stage)] = version
        return [newest[stage] for stage in MLFLOW_STAGES if stage in newest]

    def search(
        self,
        *,
        filter_: str | None = None,
        order_by: Sequence[str] = (),
        max_results: int = 10_000,
        page_token: str | None = None,
    ) -> tuple[list[Version], str | None]:
        """Return a page of versions, changed last first unless ordered otherwise, and the token."""
        query = query_hash(filter_, order_by)
        offset = decode_token(page_token, query)
        orders = [Order.parse(text) for text in order_by]
        chosen = (
            select(ModelVersionRow)
            .join(RegisteredModelRow, RegisteredModelRow.id == ModelVersionRow.model_id)
            .where(RegisteredModelRow.account == self._caller.account)
        )
        clauses = parse_filter(filter_)
        chosen = SEARCHABLE.apply(chosen, clauses, orders, self._caller.dialect)
        with self._caller.read() as session:
            rows = session.scalars(chosen.offset(offset).limit(max_results + 1)).all()
            ids = {row.model_id for row in rows}
            named = select(RegisteredModelRow.id, RegisteredModelRow.name)
            of_account = named.where(RegisteredModelRow.account == self._caller.account)
            names = {key: name for key, name in session.execute(of_account) if key in ids}
            versions = whole_versions(session, rows[:max_results], names)
        more = token_after(len(rows), offset, max_results, query)
        return [version for _, version in versions], more

    def _resolve(
        self, session: Session, source: str, logged_model_id: str | None
    ) -> tuple[str, str | None]:
        """Return where a source's files are, and the logged model that it is, if it is one."""
        account = self._caller.account
        match = _MODELS_URI.fullmatch(source)
        if match and match[1].startswith("m-") and match[2] is None and match[3] is None:
            logged_model_id = logged_model_id or match[1]
            return find_logged_model(session, account, match[1]).artifact_uri, logged_model_id
        if match and match[2] and match[2].isdigit():
            _, other = find_version(session, account, match[1], int(match[2]))
            return other.storage_location, logged_model_id or other.logged_model_id
        if logged_model_id:
            find_logged_model(session, account, logged_model_id)
        return source, logged_model_id or None


def _announce_created(
    session: Session, name: str, row: ModelVersionRow, tags: Mapping[str, str]
) -> None:
    event = {
        "name": name,
        "version": str(row.version),
        "source": row.source,
        "run_id": row.run_id or None,
        "tags": tags,
        "description": row.description or None,
    }
    _announce(session, row, "MODEL_VERSION", "CREATED", event)


def _announce(
    session: Session, row: ModelVersionRow, entity: str, action: str, event: Mapping[str, Any]
) -> None:
    announce_of_model(session, row.account, row.model_id, entity, action, event)


def enter_stage(
    session: Session,
    model: RegisteredModelRow,
    row: ModelVersionRow,
    stage: Stage,
    status: StageStatus,
) -> None:
    """Bring a version into a stage and announce it."""
    before, row.stage, row.stage_status = row.stage, stage, status
    row.updated_ms = model.updated_ms = now_ms()
    event = {
        "name": model.name,
        "version": str(row.version),
        "from_stage": before,
        "to_stage": stage,
        "status": status,
    }
    announce(session, row.account, "STAGE", "UPDATED", event)


def archive_versions(session: Session, model: RegisteredModelRow, kept: ModelVersionRow) -> None:
    """Archive the other versions in the stage of ``kept``."""
    others = session.scalars(
        select(ModelVersionRow).where(
            ModelVersionRow.model_id == model.id,
            ModelVersionRow.stage == kept.stage,
            ModelVersionRow.version != kept.version,
        )
    )
    for other in others.all():
        enter_stage(session, model, other, Stage.ARCHIVED, StageStatus.RETIRED)


def parse_version(text: str) -> int:
    """Return a version's number; ``NotFoundError`` where the text can be none."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:  # noqa: PLR2004 - fits 32 bits
        raise InvalidInputError(
            f"Parameter 'version' must be an integer, got {text[:80]!r}.", field="version"
        )
    number = int(text)
    if number == 0:
        raise NotFoundError("versions are numbered from 1", field="version")
    return number


def _check_source(source: str) -> None:
    if not source.strip() or ".." in re.split(r"[/\\]", source):
        raise InvalidInputError(
            f"Invalid model version source: {source[:200]!r}: it is empty or climbs with '..'",
            field="source",
        )
