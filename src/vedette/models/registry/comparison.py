"""What differs between a version and another one: what a reviewer looks at before deciding."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from vedette.core.errors import NotFoundError
from vedette.models.context import Caller
from vedette.models.registry.records import Version, find_version, whole_version
from vedette.models.registry.stages import Stage
from vedette.models.tracking.logged_models import LoggedModels
from vedette.models.tracking.read_runs import ReadRuns
from vedette.models.training.run_table import shown_number
from vedette.store.catalog.registry_models import ModelVersionRow

_CODE = "mlflow.source."
Shown = float | str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One name with its values in both versions; None where it is missing."""

    name: str
    this: Shown
    other: Shown
    same: bool


@dataclass(frozen=True, slots=True)
class DatasetDifference:
    """A dataset that one or both versions were trained on, by its digests."""

    name: str
    context: str
    this: str | None
    other: str | None
    source: str
    same: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """A version beside another.

    Attributes:
        other: None where there is nothing to compare with.
        metrics: all of either; numbers, or texts for what JSON has no number for.
        params: all of either.
        datasets: inputs of the runs.
        code: where the code came from: the commit, the repository, the file.

    """

    this: Version
    other: Version | None
    metrics: Sequence[Difference]
    params: Sequence[Difference]
    datasets: Sequence[DatasetDifference]
    code: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class _Known:
    metrics: Mapping[str, Shown]
    params: Mapping[str, Shown]
    datasets: Mapping[tuple[str, str], tuple[str, str]]
    code: Mapping[str, Shown]


def compare(caller: Caller, name: str, version: int, other: int | None = None) -> Comparison:
    """Compare a version with another, by default with the newest other one in production.

    Raises:
        NotFoundError: a version is not there.

    """
    with caller.read() as session:
        model, row = find_version(session, caller.account, name, version)
        this = whole_version(session, model, row)
        if other is None:
            against = session.scalar(
                select(ModelVersionRow)
                .where(
                    ModelVersionRow.model_id == model.id,
                    ModelVersionRow.stage == Stage.PRODUCTION,
                    ModelVersionRow.version != row.version,
                )
                .order_by(ModelVersionRow.version.desc())
                .limit(1)
            )
        else:
            _, against = find_version(session, caller.account, name, other)
        beside = whole_version(session, model, against) if against is not None else None
    mine = _known(caller, this)
    theirs = _known(caller, beside) if beside else _Known({}, {}, {}, {})
    return Comparison(
        this,
        beside,
        _differences(mine.metrics, theirs.metrics),
        _differences(mine.params, theirs.params),
        _datasets(mine, theirs),
        _differences(mine.code, theirs.code),
    )


def _known(caller: Caller, version: Version) -> _Known:
    metrics: dict[str, Shown] = {}
    params: dict[str, Shown] = {}
    datasets: dict[tuple[str, str], tuple[str, str]] = {}
    code: dict[str, Shown] = {}
    if version.run_id:
        try:
            run = ReadRuns(caller).get(version.run_id)
        except NotFoundError:
            run = None
        if run is not None:
            metrics = {
                item.key: shown_number(item.value)
                for item in run.metrics
                if not item.key.startswith("system/")
            }
            params = dict(run.params)
            code = {
                key.removeprefix(_CODE): value
                for key, value in run.tags.items()
                if key.startswith(_CODE) and value
            }
            for item in run.inputs:
                context = dict(item.tags).get("mlflow.data.context", "")
                datasets[item.name, context] = (item.digest, item.source)
    if version.logged_model_id:
        try:
            logged = LoggedModels(caller).get(version.logged_model_id)
        except NotFoundError:
            logged = None
        if logged is not None:
            metrics |= {item.key: shown_number(item.value) for item, _ in logged.metrics}
            params |= dict(logged.params)
    return _Known(metrics, params, datasets, code)


def _differences(this: Mapping[str, Shown], other: Mapping[str, Shown]) -> list[Difference]:
    return [
        Difference(name, this.get(name), other.get(name), _same(this.get(name), other.get(name)))
        for name in sorted(this.keys() | other.keys())
    ]


def _same(this: Shown, other: Shown) -> bool:
    if isinstance(this, float) and isinstance(other, float):
        return math.isclose(this, other, rel_tol=1e-12)
    return this == other


def _datasets(this: _Known, other: _Known) -> list[DatasetDifference]:
    found = []
    for key in sorted(this.datasets.keys() | other.datasets.keys()):
        mine, theirs = this.datasets.get(key), other.datasets.get(key)
        source = (mine or theirs or ("", ""))[1]
        found.append(
            DatasetDifference(
                key[0],
                key[1],
                mine and mine[0],
                theirs and theirs[0],
                source[:2048],
                mine == theirs,
            )
        )
    return found
