"""Which traces a scorer is to judge as they come: kept for clients, which judge; the server does not.

MLflow's server judges by models behind its gateway, and allows no other scorer a rate above 0; there
is no gateway here, so the rate and the filter are kept and answered, and whoever judges reads them.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import delete, select

from vedette.core.errors import InvalidInputError
from vedette.models.context import Caller
from vedette.models.evaluation.scorers import latest_version
from vedette.models.limits import check_length
from vedette.models.traces.search import check_filter
from vedette.models.tracking.experiments import find_active
from vedette.store.catalog.review_models import OnlineScoringRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MAX_FILTER = 10_000
MAX_SCORERS = 1000
_JUDGES = (
    "instructions_judge_pydantic_data",
    "builtin_scorer_pydantic_data",
    "third_party_scorer_data",
)
_MAX_NESTED = 5


@dataclass(frozen=True, slots=True)
class OnlineScoring:
    """The share of traces, 0 to 1, that a scorer is to judge, and the filter they must pass."""

    id: str
    scorer_id: str
    experiment_id: str
    sample_rate: float
    filter: str | None


class OnlineScorings:
    """Online scoring of one account's experiments."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def put(
        self, experiment_id: str, name: str, sample_rate: float, filter_: str | None
    ) -> OnlineScoring:
        """Set what a scorer judges, in place of what was set before.

        Raises:
            InvalidInputError: the rate is none, the filter cannot be read, or the scorer is not of a
                kind that MLflow lets judge by itself.
            NotFoundError: there is no such scorer.

        """
        if not 0 <= sample_rate <= 1:
            raise InvalidInputError(
                f"sample_rate must be between 0.0 and 1.0, got {sample_rate}", field="sample_rate"
            )
        check_length(filter_ or "", MAX_FILTER, field="filter_string")
        check_filter(filter_, self._caller.dialect)
        account = self._caller.account
        request = {"name": name, "sample_rate": sample_rate, "filter_string": filter_}
        resource = self._caller.experiment(experiment_id)
        with self._caller.change("SetOnlineScoring", request, [resource]) as change:
            find_active(change.session, account, experiment_id)
            scorer = latest_version(change.session, account, experiment_id, name)
            if sample_rate > 0:
                _require_judge(name, scorer.serialized)
            forget(change.session, account, experiment_id, scorer.scorer_id)
            row = OnlineScoringRow(
                account=account, experiment_id=experiment_id, scorer_id=scorer.scorer_id,
                id=uuid.uuid4().hex, sample_rate=sample_rate, filter=filter_,
            )  # fmt: skip
            change.session.add(row)
            return _view(row)

    def of_scorers(self, scorer_ids: Sequence[str]) -> list[OnlineScoring]:
        """Return what is set for these scorers; those without are left out."""
        if len(scorer_ids) > MAX_SCORERS:
            raise InvalidInputError(f"more than {MAX_SCORERS} scorers", field="scorer_ids")
        chosen = (
            select(OnlineScoringRow)
            .where(OnlineScoringRow.account == self._caller.account)
            .where(OnlineScoringRow.scorer_id.in_(list(scorer_ids)))
            .order_by(OnlineScoringRow.experiment_id, OnlineScoringRow.scorer_id)
        )
        with self._caller.read() as session:
            return [_view(row) for row in session.scalars(chosen)]


def forget(session: Session, account: str, experiment_id: str, scorer_id: str) -> None:
    """Delete what is set for a scorer."""
    row = OnlineScoringRow
    session.execute(
        delete(row).where(
            row.account == account,
            row.experiment_id == experiment_id,
            row.scorer_id == scorer_id,
        )
    )


def _require_judge(name: str, serialized: str) -> None:
    if not _model(serialized).startswith("gateway:/"):
        raise InvalidInputError(
            f"Scorer '{name[:100]}' does not use a gateway model. Automatic evaluation is only "
            "supported for scorers that use gateway models.",
            field="name",
            remedy="set the rate to 0, or make the scorer with a model 'gateway:/<endpoint>'",
        )


def _model(serialized: str) -> str:
    """Return the model that judges, "" where there is none."""
    try:
        document: Any = orjson.loads(serialized)
    except orjson.JSONDecodeError:
        return ""
    for _ in range(_MAX_NESTED):
        if not isinstance(document, dict):
            return ""
        found = next((document[key] for key in _JUDGES if document.get(key)), None)
        if found is not None:
            model = found.get("model") if isinstance(found, dict) else None
            return model if isinstance(model, str) else ""
        aligned = document.get("memory_augmented_judge_data")
        document = aligned.get("base_judge") if isinstance(aligned, dict) else None
    return ""


def _view(row: OnlineScoringRow) -> OnlineScoring:
    return OnlineScoring(row.id, row.scorer_id, row.experiment_id, row.sample_rate, row.filter)
