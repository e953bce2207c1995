"""What is kept of a dataset beside its profiles: versions of its checks, and named baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import func, select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.data.checks.definition import Check, parse_checks
from vedette.data.profile_rows import check_dataset
from vedette.store.catalog import Actor, Catalog
from vedette.store.catalog.checks import check_text
from vedette.store.catalog.data_models import BaselineRow, DatasetChecksRow

SOURCE = "vedette.data"
MAX_NAME = 128
MAX_CHECKS_BYTES = 4 << 20
MAX_VERSIONS = 1000
MAX_BASELINES = 1000


@dataclass(frozen=True, slots=True)
class ChecksVersion:
    """One version of a dataset's checks."""

    dataset: str
    version: int
    checks: Sequence[Check]
    comment: str
    created: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """A named frozen baseline; ``origin`` says what it was made of."""

    id: str
    dataset: str
    name: str
    origin: str
    created: datetime
    created_by: str


class Datasets:
    """Repository of checks and baselines. Thread-safe; every method blocks its thread."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def put_checks(
        self,
        actor: Actor,
        account: str,
        dataset: str,
        checks: Sequence[Check],
        *,
        comment: str = "",
        expected_version: int | None = None,
    ) -> ChecksVersion:
        """Store checks as the dataset's next version; the same checks again make no new one.

        Raises:
            ConflictError: the latest version is not ``expected_version``: someone was faster.

        """
        check_dataset(dataset)
        text = orjson.dumps([check.as_dict() for check in checks]).decode()
        if len(text) > MAX_CHECKS_BYTES:
            raise InvalidInputError(
                f"the checks take {len(text):,} bytes",
                field="checks",
                remedy=f"use up to {MAX_CHECKS_BYTES:,}",
            )
        request = {"dataset": dataset, "checks": len(checks), "comment": comment[:200]}
        with self._catalog.change(
            actor, "PutDatasetChecks", account=account, request=request, source=SOURCE,
            resources=[ResourceId(account, "dataset", dataset)],
        ) as change:  # fmt: skip
            latest = change.session.scalar(_latest(account, dataset))
            number = latest.version if latest else 0
            if expected_version is not None and expected_version != number:
                raise ConflictError(
                    f"the latest version is {number}, not {expected_version}",
                    field="expected_version",
                    remedy="read the checks again and apply your changes to them",
                )
            same = _version(latest) if latest and latest.checks == text else None
            if same:
                change.cancel()
            row = DatasetChecksRow(
                account=account,
                dataset=dataset,
                version=number + 1,
                checks=text,
                comment=comment[:1000],
                created=self._catalog.clock.now(),
                created_by=actor.name,
            )
            change.session.add(row)
            change.respond(version=row.version)
            return _version(row)
        assert same is not None  # noqa: S101 - only then it was cancelled
        return same

    def checks(self, account: str, dataset: str, version: int | None = None) -> ChecksVersion:
        """Return a version of a dataset's checks, the latest where None.

        Raises:
            NotFoundError: there is none.

        """
        query = _latest(account, dataset)
        if version is not None:
            query = query.where(DatasetChecksRow.version == version)
        with self._catalog.read() as session:
            row = session.scalar(query)
        if row is None:
            raise NotFoundError(
                f"{dataset!r} has no checks" + (f" of version {version}" if version else ""),
                field="version" if version else "dataset",
                remedy="store some first",
            )
        return _version(row)

    def versions(self, account: str, dataset: str) -> list[ChecksVersion]:
        """Return the latest 1,000 versions of a dataset's checks, newest first."""
        with self._catalog.read() as session:
            rows = session.scalars(_latest(account, dataset).limit(MAX_VERSIONS))
            return [_version(row) for row in rows]

    def add_baseline(
        self, actor: Actor, account: str, dataset: str, name: str, origin: str
    ) -> Baseline:
        """Name a baseline, whose states the caller stores under its id; a name is given once."""
        check_dataset(dataset)
        name = check_text(name, field="name", max_length=MAX_NAME)
        request = {"dataset": dataset, "name": name, "origin": origin}
        with self._catalog.change(
            actor, "CreateBaseline", account=account, request=request, source=SOURCE,
            resources=[ResourceId(account, "dataset", dataset)],
        ) as change:  # fmt: skip
            known = select(BaselineRow).where(
                BaselineRow.account == account, BaselineRow.dataset == dataset
            )
            if change.session.scalar(known.where(BaselineRow.name == name)):
                raise ConflictError(
                    f"{dataset!r} has a baseline {name!r} already",
                    field="name",
                    remedy="a baseline is frozen: choose another name",
                )
            count = select(func.count()).select_from(known.subquery())
            if (change.session.scalar(count) or 0) >= MAX_BASELINES:
                raise InvalidInputError(
                    f"a dataset has up to {MAX_BASELINES} baselines",
                    field="name",
                    remedy="delete some first",
                )
            row = BaselineRow(
                id=new_id(),
                account=account,
                dataset=dataset,
                name=name,
                origin=origin[:500],
                created=self._catalog.clock.now(),
                created_by=actor.name,
            )
            change.session.add(row)
            change.respond(id=row.id)
        return _baseline(row)

    def baselines(self, account: str, dataset: str) -> list[Baseline]:
        """Return a dataset's baselines, newest first."""
        query = (
            select(BaselineRow)
            .where(BaselineRow.account == account, BaselineRow.dataset == dataset)
            .order_by(BaselineRow.created.desc(), BaselineRow.name)
        )
        with self._catalog.read() as session:
            return [_baseline(row) for row in session.scalars(query)]

    def baseline(self, account: str, dataset: str, name: str) -> Baseline:
        """Return a baseline by name; ``NotFoundError`` where there is none."""
        for baseline in self.baselines(account, dataset):
            if baseline.name == name:
                return baseline
        raise NotFoundError(
            f"{dataset!r} has no baseline {name!r}",
            field="baseline",
            remedy="freeze a range, or profile with the baseline's name",
        )

    def remove_baseline(self, actor: Actor, account: str, dataset: str, name: str) -> None:
        """Forget a baseline's name; ``NotFoundError`` where there is none."""
        found = self.baseline(account, dataset, name)
        with self._catalog.change(
            actor, "DeleteBaseline", account=account, source=SOURCE,
            request={"dataset": dataset, "name": name},
            resources=[ResourceId(account, "dataset", dataset)],
        ) as change:  # fmt: skip
            row = change.session.get(BaselineRow, found.id)
            if row is not None:
                change.session.delete(row)


def _latest(account: str, dataset: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a Select
    return (
        select(DatasetChecksRow)
        .where(DatasetChecksRow.account == account, DatasetChecksRow.dataset == dataset)
        .order_by(DatasetChecksRow.version.desc())
    )


def _version(row: DatasetChecksRow) -> ChecksVersion:
    checks = parse_checks(orjson.loads(row.checks))
    return ChecksVersion(row.dataset, row.version, checks, row.comment, row.created, row.created_by)


def _baseline(row: BaselineRow) -> Baseline:
    return Baseline(row.id, row.dataset, row.name, row.origin, row.created, row.created_by)
