"""Scorers of an experiment: what judges answers, as its client wrote it, in versions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from vedette.core.errors import NotFoundError
from vedette.models.context import Caller, now_ms
from vedette.models.limits import MAX_KEY, check_length, check_name
from vedette.models.paging import decode_token, query_hash, token_after
from vedette.models.tracking.experiments import find, find_active
from vedette.store.catalog.evaluation_models import ScorerVersionRow
from vedette.store.catalog.review_models import OnlineScoringRow

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

MAX_SCORER = 1_000_000
"""Characters of a scorer."""


@dataclass(frozen=True, slots=True)
class ScorerVersion:
    """A version of a scorer; ``created_ms`` is in milliseconds since the epoch."""

    scorer_id: str
    experiment_id: str
    name: str
    version: int
    serialized: str
    created_ms: int


@dataclass(frozen=True, slots=True)
class ScorerHead:
    """A scorer without its text: its latest version, and how many there are."""

    scorer_id: str
    experiment_id: str
    name: str
    version: int
    versions: int
    created_ms: int
    updated_ms: int


class Scorers:
    """Scorers of one account's experiments."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def register(self, experiment_id: str, name: str, serialized: str) -> ScorerVersion:
        """Store the next version of a scorer, the first one of a new scorer."""
        check_name(name, field="name", most=MAX_KEY)
        check_length(serialized, MAX_SCORER, field="serialized_scorer")
        with self._caller.change(
            "RegisterScorer", {"name": name}, [self._caller.experiment(experiment_id)]
        ) as change:
            find_active(change.session, self._caller.account, experiment_id)
            last = change.session.scalar(self._newest(experiment_id, name))
            row = ScorerVersionRow(
                account=self._caller.account, experiment_id=experiment_id, name=name,
                version=last.version + 1 if last else 1,
                scorer_id=last.scorer_id if last else uuid.uuid4().hex,
                serialized=serialized, created_ms=now_ms(),
            )  # fmt: skip
            change.session.add(row)
            change.respond(version=row.version)
            return _view(row)

    def latest(self, experiment_ids: Sequence[str]) -> list[ScorerVersion]:
        """Return the latest version of each scorer of these experiments."""
        row = ScorerVersionRow
        newest = (
            select(row.experiment_id, row.name, func.max(row.version).label("version"))
            .where(row.account == self._caller.account, row.experiment_id.in_(list(experiment_ids)))
            .group_by(row.experiment_id, row.name)
            .subquery()
        )
        chosen = (
            select(row)
            .join(
                newest,
                (row.experiment_id == newest.c.experiment_id)
                & (row.name == newest.c.name)
                & (row.version == newest.c.version),
            )
            .where(row.account == self._caller.account)
            .order_by(row.experiment_id, row.name)
        )
        with self._caller.read() as session:
            for experiment_id in experiment_ids:
                find(session, self._caller.account, experiment_id)
            return [_view(one) for one in session.scalars(chosen)]

    def heads(
        self, experiment_ids: Sequence[str], max_results: int, page_token: str | None = None
    ) -> tuple[list[ScorerHead], str | None]:
        """Return a page of the account's scorers, of some experiments if they are named.

        The one that got a version last comes first; also returns the next page's token.
        """
        query = query_hash("scorers", experiment_ids)
        offset = decode_token(page_token, query)
        row = ScorerVersionRow
        changed = func.max(row.created_ms)
        chosen = (
            select(
                func.max(row.scorer_id), row.experiment_id, row.name, func.max(row.version),
                func.count(), func.min(row.created_ms), changed,
            )
            .where(row.account == self._caller.account)
            .group_by(row.experiment_id, row.name)
            .order_by(changed.desc(), row.experiment_id, row.name)
        )  # fmt: skip
        if experiment_ids:
            chosen = chosen.where(row.experiment_id.in_(list(experiment_ids)))
        with self._caller.read() as session:
            found = session.execute(chosen.offset(offset).limit(max_results + 1)).all()
        more = token_after(len(found), offset, max_results, query)
        return [ScorerHead(*one) for one in found[:max_results]], more

    def versions_before(
        self, experiment_id: str, name: str, limit: int, before: int | None = None
    ) -> list[ScorerVersion]:
        """Return versions of a scorer, the newest first, from below a number on if one is given."""
        chosen = self._newest(experiment_id, name).limit(limit)
        if before is not None:
            chosen = chosen.where(ScorerVersionRow.version < before)
        with self._caller.read() as session:
            found = [_view(row) for row in session.scalars(chosen)]
        if not found and before is None:
            raise _missing(name)
        return found

    def versions(self, experiment_id: str, name: str) -> list[ScorerVersion]:
        """Return every version of a scorer, the oldest first."""
        with self._caller.read() as session:
            found = [_view(row) for row in session.scalars(self._newest(experiment_id, name))]
        if not found:
            raise _missing(name)
        return found[::-1]

    def get(self, experiment_id: str, name: str, version: int | None = None) -> ScorerVersion:
        """Return a version of a scorer, the latest if none is named."""
        chosen = self._newest(experiment_id, name)
        if version is not None:
            chosen = chosen.where(ScorerVersionRow.version == version)
        with self._caller.read() as session:
            row = session.scalar(chosen.limit(1))
        if row is None:
            raise _missing(name)
        return _view(row)

    def delete(self, experiment_id: str, name: str, version: int | None = None) -> None:
        """Delete a version of a scorer, or the whole scorer."""
        row = ScorerVersionRow
        chosen = delete(row).where(
            row.account == self._caller.account,
            row.experiment_id == experiment_id,
            row.name == name,
        )
        if version is not None:
            chosen = chosen.where(row.version == version)
        with self._caller.change(
            "DeleteScorer",
            {"name": name, "version": version},
            [self._caller.experiment(experiment_id)],
        ) as change:
            deleted = change.session.execute(chosen.returning(row.scorer_id)).first()
            if deleted is None:
                raise _missing(name)
            if change.session.scalar(self._newest(experiment_id, name).limit(1)) is None:
                of = OnlineScoringRow
                change.session.execute(
                    delete(of).where(
                        of.account == self._caller.account, of.scorer_id == deleted.scorer_id
                    )
                )

    def _newest(self, experiment_id: str, name: str) -> Select[ScorerVersionRow]:
        return _newest(self._caller.account, experiment_id, name)


def latest_version(session: Session, account: str, experiment_id: str, name: str) -> ScorerVersion:
    """Return the latest version of a scorer; ``NotFoundError`` where there is none."""
    row = session.scalar(_newest(account, experiment_id, name).limit(1))
    if row is None:
        raise _missing(name)
    return _view(row)


def _newest(account: str, experiment_id: str, name: str) -> Select[ScorerVersionRow]:
    row = ScorerVersionRow
    return (
        select(row)
        .where(row.account == account, row.experiment_id == experiment_id)
        .where(row.name == name)
        .order_by(row.version.desc())
    )


def _missing(name: str) -> NotFoundError:
    return NotFoundError(f"Scorer with name {name[:100]!r} not found", field="name")


def _view(row: ScorerVersionRow) -> ScorerVersion:
    return ScorerVersion(
        row.scorer_id, row.experiment_id, row.name, row.version, row.serialized, row.created_ms
    )
