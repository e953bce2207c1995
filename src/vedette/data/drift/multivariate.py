"""Drift of columns together: PCA reconstruction error, and a classifier that tells the two apart.

Both see what no single column shows, such as a correlation that broke. They need rows, so they run
beside the data, on frames; scikit-learn comes with the extra ``vedette[multivariate]``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vedette.core.errors import InvalidInputError, UnavailableError
from vedette.statistics.one_thread import one_thread

VARIANCE = 0.65
"""Share of the variance that the components keep, as NannyML's default."""
DEVIATIONS = 3.0
CHUNKS = 10
AUROC_LIMITS = (0.45, 0.65)
"""NannyML's limits: outside of them the classifier tells the window from the reference."""
MAX_ROWS = 100_000
"""Rows of a side that the classifier is trained on; more are drawn at random, always the same."""
_FOLDS = 5
_MIN_ROWS = 20


@dataclass(frozen=True, slots=True)
class Multivariate:
    """What became of a window.

    Attributes:
        measure: ``reconstruction_error`` or ``auroc``.
        value: of the window.
        lower: below it is drift; None where low values are fine.
        upper: above it is drift.
        drifted: whether the value is outside.
        why: in words.

    """

    measure: str
    value: float
    lower: float | None
    upper: float
    drifted: bool
    why: str


def reconstruction_error(
    reference: Any,  # noqa: ANN401 - a pandas frame
    current: Any,  # noqa: ANN401 - a pandas frame
    *,
    columns: Sequence[str] | None = None,
    chunks: int = CHUNKS,
) -> Multivariate:
    """Return how much worse the reference's principal components describe the window.

    Texts become their frequency in the reference, gaps the mean or the most frequent value, and all
    is scaled as in the reference. The limits are mean and three deviations of the reference's chunks.

    Raises:
        InvalidInputError: the frames have too few rows or no common columns.
        UnavailableError: scikit-learn is not installed.

    """
    decomposition, preprocessing = _sklearn("decomposition"), _sklearn("preprocessing")
    encode = _Encoder(reference, current, columns)
    before = encode(reference)
    scaler = preprocessing.StandardScaler().fit(before)
    scaled = scaler.transform(before)
    pca = decomposition.PCA(n_components=VARIANCE, random_state=16).fit(scaled)

    def errors(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        restored = pca.inverse_transform(pca.transform(values))
        return np.asarray(np.linalg.norm(values - restored, axis=1))

    parts = np.array_split(scaled, max(1, min(chunks, len(scaled) // _MIN_ROWS)))
    own = np.array([errors(part).mean() for part in parts])
    middle, spread = float(own.mean()), float(own.std())
    value = float(errors(scaler.transform(encode(current))).mean())
    lower, upper = max(0.0, middle - DEVIATIONS * spread), middle + DEVIATIONS * spread
    drifted = not lower <= value <= upper
    why = (
        f"the reference's {pca.n_components_} components restore a row to within {value:.4g}; "
        f"within {lower:.4g} to {upper:.4g} in the reference"
    )
    return Multivariate("reconstruction_error", value, lower, upper, drifted, why)


def domain_classifier(
    reference: Any,  # noqa: ANN401 - a pandas frame
    current: Any,  # noqa: ANN401 - a pandas frame
    *,
    columns: Sequence[str] | None = None,
) -> Multivariate:
    """Return how well a classifier tells rows of the window from rows of the reference.

    AUROC over five folds of gradient-boosted trees: 0.5 where they are alike.

    Raises:
        InvalidInputError, UnavailableError: as ``reconstruction_error``.

    """
    ensemble, selection, metrics = (_sklearn(n) for n in ("ensemble", "model_selection", "metrics"))
    encode = _Encoder(reference, current, columns)
    sides = [_drawn(encode(frame)) for frame in (reference, current)]
    values = np.vstack(sides)
    labels = np.repeat([0, 1], [len(side) for side in sides])
    folds = selection.StratifiedKFold(_FOLDS, shuffle=True, random_state=13)
    model = ensemble.HistGradientBoostingClassifier(random_state=13, max_iter=100)
    with one_thread():
        told = selection.cross_val_predict(model, values, labels, cv=folds, method="predict_proba")
    value = float(metrics.roc_auc_score(labels, told[:, 1]))
    lower, upper = AUROC_LIMITS
    drifted = not lower <= value <= upper
    why = f"a classifier tells the window's rows from the reference's with AUROC {value:.3f}"
    return Multivariate("auroc", value, lower, upper, drifted, why)


def _drawn(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if len(values) <= MAX_ROWS:
        return values
    chosen = np.random.default_rng(13).choice(len(values), MAX_ROWS, replace=False)
    return values[chosen]


class _Encoder:
    """Turns frames into numbers as the reference teaches: frequencies of texts, gaps filled."""

    def __init__(self, reference: Any, current: Any, columns: Sequence[str] | None) -> None:  # noqa: ANN401
        named = columns if columns is not None else reference.columns
        self.columns = [name for name in named if name in reference and name in current]
        if not self.columns:
            raise InvalidInputError(
                "the two have no column in common", field="columns", remedy="name columns of both"
            )
        for which, frame in (("reference", reference), ("current data", current)):
            if len(frame) < _MIN_ROWS:
                raise InvalidInputError(
                    f"the {which} has {len(frame)} rows", field="rows", remedy=f"give {_MIN_ROWS}"
                )
        self._numeric = {name: reference[name].dtype.kind in "iuf" for name in self.columns}
        self._counts, self._fill = {}, {}
        for name in self.columns:
            column = reference[name]
            if self._numeric[name]:
                finite = column.astype("float64").replace([math.inf, -math.inf], math.nan)
                mean = finite.mean()
                self._fill[name] = 0.0 if math.isnan(mean) else float(mean)
            else:
                text = column.astype("string")
                self._counts[name] = text.value_counts(normalize=True).to_dict()
                self._fill[name] = max(self._counts[name].values(), default=0.0)

    def __call__(self, frame: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401 - a pandas frame
        found = []
        for name in self.columns:
            if self._numeric[name]:
                values = frame[name].astype("float64").replace([math.inf, -math.inf], math.nan)
                found.append(values.fillna(self._fill[name]).to_numpy())
                continue
            text = frame[name].astype("string")
            shares = text.map(self._counts[name]).astype("float64")
            # A category that the reference lacks is as frequent as it was there: not at all.
            filled = shares.where(text.notna(), self._fill[name]).fillna(0.0)
            found.append(filled.to_numpy())
        return np.column_stack(found)


def _sklearn(module: str) -> Any:  # noqa: ANN401 - a module
    import importlib  # noqa: PLC0415 - scikit-learn is an extra

    try:
        return importlib.import_module(f"sklearn.{module}")
    except ImportError as error:
        raise UnavailableError(
            "multivariate drift needs scikit-learn", remedy="pip install 'vedette[multivariate]'"
        ) from error
