"""What each feature contributed to a model's answers: Shapley values, computed where the model is.

With the package ``shap`` by its explainers; without it by sampling orders of features (Štrumbelj and
Kononenko, Explaining prediction models and individual predictions with feature contributions, 2014):
a feature's value is what the answer changes by, on average over orders, when the feature takes its value
instead of that of a row of the background. The values of a row add up to its answer less the mean
answer over the background rows that were drawn.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vedette.core.errors import InvalidInputError, UnavailableError

METHODS = ("auto", "shap", "sampling")
MAX_CELLS = 50_000_000
"""Most rows times features that one call looks at."""
_MATRIX = 2
Predict = Callable[[Any], Any]


def attributions(
    model: Any,  # noqa: ANN401 - a model of any library, or a function
    data: Any,  # noqa: ANN401 - a frame or an array
    *,
    background: Any = None,  # noqa: ANN401 - as data
    method: str = "auto",
    orders: int = 10,
    seed: int = 0,
) -> list[dict[str, float]]:
    """Return what each feature contributed to a model's answer, for each row: Shapley values.

    They are for ``attributions=`` of ``log_predictions`` and ``log_reference``. By the package ``shap``
    where it is installed, else by sampling orders of features, which asks the model ``orders`` times the
    number of features and one more.

    Args:
        model: with ``predict_proba`` (the last class is explained) or ``predict``, or a function of rows.
        data: the rows: a data frame, dicts, or an array.
        background: rows that stand for an unknown feature; the data itself where None.
        method: ``auto``, ``shap`` or ``sampling``.
        orders: of features, for ``sampling``; more are more exact.
        seed: of the sampling.

    Raises:
        InvalidInputError: an argument is wrong.
        UnavailableError: ``shap`` is asked for and not installed.

    """
    import numpy as np  # noqa: PLC0415 - importing vedette must stay cheap

    if method not in METHODS:
        raise InvalidInputError(
            f"{method!r} is no method", field="method", remedy=f"use one of {', '.join(METHODS)}"
        )
    names, rows = _table(data)
    other_names, others = (names, rows) if background is None else _table(background)
    if list(names) != list(other_names):
        raise InvalidInputError(
            "the background has other features than the data",
            field="background",
            remedy="give rows of the same columns, in the same order",
        )
    if not len(rows) or not len(others):
        return []
    if len(rows) * len(names) > MAX_CELLS:
        raise InvalidInputError(
            f"{len(rows):,} rows of {len(names):,} features are too many",
            field="data",
            remedy="explain a sample of them",
        )
    predict = _predict_of(model)
    has_shap = importlib.util.find_spec("shap") is not None
    if method == "shap" and not has_shap:
        raise UnavailableError("shap is not installed", remedy="pip install shap")
    if method == "shap" or (method == "auto" and has_shap):
        values = _by_shap(predict, model, rows, others)
    else:
        if not 1 <= orders <= 10_000:  # noqa: PLR2004 - stated in the error
            raise InvalidInputError(
                f"{orders} orders are not possible", field="orders", remedy="give 1 to 10,000"
            )
        values = _by_sampling(predict, rows, others, orders, np.random.default_rng(seed))
    return [
        {name: float(value) for name, value in zip(names, row, strict=True)}
        for row in np.asarray(values, dtype=float)
    ]


def _table(data: Any) -> tuple[Sequence[str], Any]:  # noqa: ANN401 - see above
    """Return the names of the columns and the rows; a mapping is one row."""
    import numpy as np  # noqa: PLC0415 - as above

    if isinstance(data, Mapping) or (
        isinstance(data, list) and data and isinstance(data[0], Mapping)
    ):
        import pandas as pd  # noqa: PLC0415 - as above

        data = pd.DataFrame([data] if isinstance(data, Mapping) else data)
    if type(data).__module__.partition(".")[0] == "polars":
        data = data.to_pandas()
    if hasattr(data, "columns") and hasattr(data, "iloc"):
        return [str(name) for name in data.columns], data.reset_index(drop=True)
    array = np.asarray(data)
    if array.ndim != _MATRIX:
        raise InvalidInputError(
            "the data is no table", field="data", remedy="give a data frame, or rows of an array"
        )
    return [f"f{number}" for number in range(array.shape[1])], array


def _predict_of(model: Any) -> Predict:  # noqa: ANN401 - see above
    """Return what is explained: the probability of the last class, a regression's value, a function."""
    import numpy as np  # noqa: PLC0415 - as above

    function = getattr(model, "predict_proba", None) or getattr(model, "predict", None) or model
    if not callable(function):
        raise InvalidInputError(
            f"{type(model).__name__} predicts nothing",
            field="model",
            remedy="give a model with predict_proba or predict, or a function of rows",
        )

    def predict(rows: Any) -> Any:  # noqa: ANN401 - as the model takes them
        found = np.asarray(function(rows), dtype=float)
        return found[:, -1] if found.ndim == _MATRIX else found

    return predict


def _by_shap(predict: Predict, model: Any, rows: Any, background: Any) -> Any:  # noqa: ANN401 - arrays
    import numpy as np  # noqa: PLC0415 - as above

    shap = importlib.import_module("shap")
    try:
        explainer = shap.Explainer(model, background)
        found = np.asarray(explainer(rows).values)
    except Exception:  # noqa: BLE001 - it knows not every model; it can ask any function
        found = np.asarray(shap.Explainer(predict, background)(rows).values)
    return found if found.ndim == _MATRIX else found[..., -1]  # the last class, as above


def _by_sampling(predict: Predict, rows: Any, background: Any, orders: int, draw: Any) -> Any:  # noqa: ANN401
    import numpy as np  # noqa: PLC0415 - as above

    count, width = rows.shape
    total = np.zeros((count, width))
    for _ in range(orders):
        # Each row gets a background row of its own, so that few orders see many of them.
        chosen = draw.integers(0, len(background), count)
        mixed = (
            background.iloc[chosen].reset_index(drop=True)
            if hasattr(background, "iloc")
            else background[chosen]
        )
        mixed = mixed.copy()
        before = predict(mixed)
        for column in draw.permutation(width):
            if hasattr(mixed, "iloc"):
                mixed.isetitem(column, rows.iloc[:, column].to_numpy())
            else:
                mixed[:, column] = rows[:, column]
            after = predict(mixed)
            total[:, column] += after - before
            before = after
    return total / orders
