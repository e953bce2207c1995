"""Model cards: what is known of a version, gathered, and what people wrote about it, by revision."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from jinja2 import Environment, PackageLoader
from sqlalchemy import func, select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.models.context import Caller
from vedette.models.limits import check_length
from vedette.models.registry.approvals import Approvals
from vedette.models.registry.records import find_version, whole_version
from vedette.models.tracking.logged_models import LoggedModels
from vedette.models.tracking.read_runs import ReadRuns
from vedette.store.catalog.registry_models import ModelCardRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

STATUSES = ("draft", "pending_review", "approved", "archived")
RISKS = ("unknown", "low", "medium", "high")
SECTIONS = (
    "overview",
    "intended_use",
    "out_of_scope",
    "training_data",
    "evaluation",
    "limitations",
    "ethical_considerations",
    "recommendations",
    "owners",
)
MAX_SECTION = 20_000
_MAX_REVISIONS = 200


@dataclass(frozen=True, slots=True)
class Card:
    """A model card.

    Attributes:
        revision: 0 where nobody has written anything yet.
        content: what people wrote, by section.
        facts: what is known: stage, parameters, metrics, datasets, approvals, lineage.

    """

    model: str
    version: int
    revision: int
    status: str
    risk: str
    content: Mapping[str, str]
    author: str
    created: datetime | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CardRevision:
    """That somebody wrote a card."""

    revision: int
    status: str
    risk: str
    author: str
    created: datetime


class Cards:
    """Cards of one account's versions."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def get(self, name: str, version: int, revision: int | None = None) -> Card:
        """Return a card, by default its newest revision, with what is known now."""
        with self._caller.read() as session:
            model, row = find_version(session, self._caller.account, name, version)
            known = whole_version(session, model, row)
            chosen = select(ModelCardRow).where(
                ModelCardRow.model_id == row.model_id, ModelCardRow.version == row.version
            )
            if revision is not None:
                chosen = chosen.where(ModelCardRow.revision == revision)
            card = session.scalar(chosen.order_by(ModelCardRow.revision.desc()).limit(1))
        if card is None and revision is not None:
            raise NotFoundError(f"the card has no revision {revision}", field="revision")
        facts = self._facts(known)
        if card is None:
            return Card(name, version, 0, "draft", "unknown", {}, "", None, facts)
        return Card(
            name, version, card.revision, card.status, card.risk, orjson.loads(card.content),
            card.author, card.created, facts,
        )  # fmt: skip

    def revisions(self, name: str, version: int) -> list[CardRevision]:
        """Return who wrote what when, newest first, at most 200 revisions."""
        with self._caller.read() as session:
            _, row = find_version(session, self._caller.account, name, version)
            chosen = (
                select(ModelCardRow)
                .where(ModelCardRow.model_id == row.model_id, ModelCardRow.version == row.version)
                .order_by(ModelCardRow.revision.desc())
                .limit(_MAX_REVISIONS)
            )
            return [
                CardRevision(item.revision, item.status, item.risk, item.author, item.created)
                for item in session.scalars(chosen)
            ]

    def write(
        self,
        name: str,
        version: int,
        content: Mapping[str, str],
        *,
        status: str = "draft",
        risk: str = "unknown",
        base_revision: int | None = None,
    ) -> Card:
        """Add a revision; sections that are left out stay as they were, an empty one goes.

        Raises:
            ConflictError: ``base_revision`` is not the newest, so somebody wrote meanwhile.

        """
        _check(content, status, risk)
        resource = ResourceId(self._caller.account, "model_card", name, str(version))
        request = {"sections": sorted(content), "status": status, "risk": risk}
        with self._caller.change("WriteModelCard", request, [resource]) as change:
            session = change.session
            _, row = find_version(session, self._caller.account, name, version)
            newest = _newest(session, row.model_id, row.version)
            before = newest.revision if newest else 0
            if base_revision is not None and base_revision != before:
                raise ConflictError(
                    f"the card is at revision {before}",
                    field="base_revision",
                    remedy="read it again",
                )
            merged = {**(orjson.loads(newest.content) if newest else {}), **content}
            session.add(
                ModelCardRow(
                    model_id=row.model_id,
                    version=row.version,
                    revision=before + 1,
                    status=status,
                    risk=risk,
                    content=orjson.dumps({k: v for k, v in merged.items() if v}).decode(),
                    author=self._caller.actor.name,
                    created=self._caller.catalog.clock.now(),
                )
            )
        return self.get(name, version)

    def _facts(self, known: Any) -> dict[str, Any]:  # noqa: ANN401 - a Version
        facts: dict[str, Any] = {
            "stage": known.stage,
            "stage_status": known.stage_status,
            "description": known.description,
            "source": known.source,
            "registered_by": known.user_id,
            "created_ms": known.created_ms,
            "aliases": list(known.aliases),
            "tags": dict(known.tags),
            "params": {},
            "metrics": {},
            "datasets": [],
        }
        if known.logged_model_id:
            try:
                logged = LoggedModels(self._caller).get(known.logged_model_id)
            except NotFoundError:
                pass
            else:
                facts["logged_model"] = logged.id
                facts["params"] = dict(logged.params)
                facts["metrics"] = {m.key: _shown(m.value) for m, _ in logged.metrics}
        if known.run_id:
            self._add_run(facts, known.run_id)
        page = Approvals(self._caller).list(model=known.model, limit=100)
        facts["approvals"] = [
            {
                "stage": item.stage,
                "status": item.status,
                "requested_by": item.requested_by,
                "decisions": [
                    {"by": d.actor, "decision": d.decision, "comment": d.comment}
                    for d in item.decisions
                ],
                "checks": [
                    {"check": c.check, "passed": c.passed, "message": c.message}
                    for c in item.checks
                ],
            }
            for item in page.items
            if item.version == known.version
        ]
        return facts

    def _add_run(self, facts: dict[str, Any], run_id: str) -> None:
        try:
            run = ReadRuns(self._caller).get(run_id)
        except NotFoundError:
            return
        facts["run"] = {
            "id": run.info.id,
            "name": run.info.name,
            "experiment_id": run.info.experiment_id,
            "user": run.info.user_id,
            "code": {
                key.removeprefix("mlflow.source."): value
                for key, value in run.tags.items()
                if key.startswith("mlflow.source.") and value
            },
        }
        facts["params"] = {**run.params, **facts["params"]}
        of_run = {m.key: _shown(m.value) for m in run.metrics if not m.key.startswith("system/")}
        facts["metrics"] = {**of_run, **facts["metrics"]}
        facts["datasets"] = [
            {"name": item.name, "digest": item.digest, "source_type": item.source_type}
            for item in run.inputs
        ]


def as_html(card: Card) -> str:
    """Return a card as one page of HTML that needs nothing else, for printing and keeping."""
    environment = Environment(loader=PackageLoader("vedette.models", "templates"), autoescape=True)
    return environment.get_template("model_card.html.j2").render(card=card, sections=SECTIONS)


def _newest(session: Session, model_id: str, version: int) -> ModelCardRow | None:
    of = (ModelCardRow.model_id == model_id, ModelCardRow.version == version)
    last = select(func.max(ModelCardRow.revision)).where(*of).scalar_subquery()
    return session.scalar(select(ModelCardRow).where(*of, ModelCardRow.revision == last))


def _check(content: Mapping[str, str], status: str, risk: str) -> None:
    unknown = sorted(set(content) - set(SECTIONS))
    if unknown:
        raise InvalidInputError(
            f"{unknown[0][:60]!r} is not a section of a card",
            field="content",
            remedy=f"use {', '.join(SECTIONS)}",
        )
    for section, text in content.items():
        check_length(text, MAX_SECTION, field=f"content.{section}")
    for field, value, allowed in (("status", status, STATUSES), ("risk", risk, RISKS)):
        if value not in allowed:
            raise InvalidInputError(
                f"{value[:40]!r} is not a card's {field}",
                field=field,
                remedy=f"use one of {', '.join(allowed)}",
            )


def _shown(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)
