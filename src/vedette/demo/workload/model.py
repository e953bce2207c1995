"""The model as a file: estimator, what it was trained on, and its version."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib

import vedette
from vedette.demo.workload.feature_store import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from sklearn.ensemble import HistGradientBoostingClassifier

NAME = "flight-delay"
LATE = 0.5
"""Probability from which a flight is called late."""
MODELS = Path("models")
_KEPT_VERSIONS = 5


@dataclass(frozen=True, slots=True)
class Model:
    """One trained version. ``categories`` maps each value of a category to its code."""

    version: int
    features: tuple[str, ...]
    categories: dict[str, dict[str, int]]
    estimator: HistGradientBoostingClassifier
    metrics: dict[str, float]


def encode(
    row: Mapping[str, Any], features: Sequence[str], categories: Mapping[str, Mapping[str, int]]
) -> list[float]:
    """Return one flight as numbers; what is unknown or empty becomes NaN."""
    values = []
    for name in features:
        value = categories[name].get(row[name]) if name in CATEGORIES else row[name]
        values.append(float("nan") if value is None else float(value))
    return values


def outcome(*, late: bool) -> str:
    """Return what is predicted, and told afterwards, in a word."""
    return "delayed" if late else "as planned"


def scores(probability: float) -> dict[str, float]:
    """Return the probability of each outcome."""
    return {"delayed": probability, "as planned": 1 - probability}


def explanations(
    model: Model, inputs: NDArray[Any], background: NDArray[Any], *, orders: int
) -> list[dict[str, float]]:
    """Return what each feature adds to the probability of each encoded flight: sampled Shapley values."""
    found = vedette.attributions(
        lambda rows: model.estimator.predict_proba(rows)[:, 1],
        inputs, background=background, method="sampling", orders=orders,
    )  # fmt: skip
    return [dict(zip(model.features, row.values(), strict=True)) for row in found]


def versions() -> list[int]:
    """Return the versions there are files of, oldest first."""
    return sorted(int(path.stem.rpartition("-")[2]) for path in MODELS.glob(f"{NAME}-*.joblib"))


def save(model: Model) -> Path:
    """Write a version, whole or not at all, and remove old ones."""
    MODELS.mkdir(exist_ok=True)
    path = _path(model.version)
    part = path.with_suffix(".part")
    joblib.dump(model, part, compress=3)
    part.replace(path)
    for old in versions()[:-_KEPT_VERSIONS]:
        _path(old).unlink()
    return path


def load(version: int) -> Model:
    """Read a version. Only files that this workload wrote: joblib runs code of the file."""
    model: Model = joblib.load(_path(version))
    return model


def made_at(version: int) -> float:
    """Return when a version was written, as Unix seconds."""
    return _path(version).stat().st_mtime


def limit_threads() -> None:
    """Have scikit-learn use one thread; to be called before it is imported."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _path(version: int) -> Path:
    return MODELS / f"{NAME}-{version}.joblib"
