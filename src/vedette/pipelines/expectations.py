"""What is expected of a pipeline, and how it stands against that: an entity of the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, model_validator
from sqlalchemy import select

from vedette.core.bodies import Body
from vedette.core.errors import NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.time import parse_duration
from vedette.scheduler import Schedule, parse_schedule
from vedette.store.catalog import Actor, Catalog
from vedette.store.catalog.checks import check_text
from vedette.store.catalog.pipeline_models import PipelineRow

SOURCE = "vedette.pipelines"
MAX_NAME = 3072


class Expectations(Body):
    """When a pipeline is to run, and how old its last success may be."""

    schedule: str = Field(default="", max_length=256, examples=["0 2 * * *", "every 15m"])
    grace: str = Field(default="5m", max_length=32, description="how late a start may be")
    freshness_warn: str = Field(default="", max_length=32, examples=["2h"])
    freshness_error: str = Field(default="", max_length=32, examples=["6h"])
    owner: str = Field(default="", max_length=255)
    description: str = Field(default="", max_length=4000)

    @model_validator(mode="after")
    def _readable(self) -> Expectations:
        if self.schedule:
            parse_schedule(self.schedule)
        for name in ("grace", "freshness_warn", "freshness_error"):
            if text := getattr(self, name):
                parse_duration(text, field=name)
        return self

    def parsed_schedule(self) -> Schedule | None:
        """Return the schedule, None where there is none."""
        return parse_schedule(self.schedule) if self.schedule else None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a pipeline stands.

    Attributes:
        health: ``failing``, ``error`` or ``warning`` (freshness), ``late``, ``running``, ``ok`` or
            ``unknown``, the worst that holds.
        age: seconds since the last success, None where there was none.
        lateness: seconds since a start was due that has not come; 0 where none is missing.
        due: the last moment at which a run was due.

    """

    health: str
    age: float | None
    lateness: float
    due: datetime | None


def standing(
    expected: Expectations | None,
    *,
    last_status: str,
    last_started: datetime | None,
    last_success: datetime | None,
    now: datetime,
) -> Standing:
    """Return how a pipeline stands against what is expected of it."""
    age = (now - last_success).total_seconds() if last_success else None
    due, lateness = None, 0.0
    schedule = expected.parsed_schedule() if expected else None
    if expected and schedule is not None:
        grace = parse_duration(expected.grace or "0s")
        due = schedule.latest(now - grace)
        # A start a little early is the run that was due.
        if last_started is None or last_started < due - min(grace, timedelta(minutes=1)):
            lateness = (now - due).total_seconds()
    health = "ok" if last_status == "completed" else "unknown"
    if last_status == "running":
        health = "running"
    if lateness:
        health = "late"
    for name, level in (("freshness_warn", "warning"), ("freshness_error", "error")):
        text = getattr(expected, name, "") if expected else ""
        if text and (age is None or age > parse_duration(text).total_seconds()):
            health = level
    if last_status in {"failed", "aborted"}:
        health = "failing"
    return Standing(health, age, lateness, due)


class PipelineExpectations:
    """Repository of expectations. Thread-safe; every method blocks its thread."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def put(self, actor: Actor, account: str, name: str, expected: Expectations) -> Expectations:
        """Store what is expected of a pipeline, which need not have run yet."""
        name = check_text(name, field="pipeline", max_length=MAX_NAME)
        with self._catalog.change(
            actor, "PutPipeline", account=account, source=SOURCE,
            request={"pipeline": name, **expected.model_dump(exclude_defaults=True)},
            resources=[ResourceId(account, "pipeline", name)],
        ) as change:  # fmt: skip
            row = change.session.get(PipelineRow, (account, name))
            if row is None:
                row = PipelineRow(account=account, name=name)
                change.session.add(row)
            row.definition = expected.model_dump_json(exclude_defaults=True)
            row.updated = self._catalog.clock.now()
        return expected

    def remove(self, actor: Actor, account: str, name: str) -> None:
        """Forget what is expected of a pipeline; ``NotFoundError`` where nothing is."""
        with self._catalog.change(
            actor, "DeletePipeline", account=account, request={"pipeline": name}, source=SOURCE,
            resources=[ResourceId(account, "pipeline", name or "-")],
        ) as change:  # fmt: skip
            row = change.session.get(PipelineRow, (account, name))
            if row is None:
                raise NotFoundError(
                    f"nothing is expected of {name!r}",
                    field="pipeline",
                    remedy="see the list of pipelines",
                )
            change.session.delete(row)

    def of(self, account: str) -> Mapping[str, Expectations]:
        """Return what is expected of each of an account's pipelines."""
        with self._catalog.read() as session:
            rows = session.scalars(select(PipelineRow).where(PipelineRow.account == account))
            return {row.name: _parsed(row) for row in rows}

    def get(self, account: str, name: str) -> Expectations | None:
        """Return what is expected of a pipeline, None where nothing is."""
        with self._catalog.read() as session:
            row = session.get(PipelineRow, (account, name))
            return _parsed(row) if row else None


def _parsed(row: PipelineRow) -> Expectations:
    values: Any = row.definition
    return Expectations.model_validate_json(values)
