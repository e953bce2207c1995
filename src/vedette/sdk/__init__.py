"""The client side, in the user's process: what ``vedette`` offers, and where it is.

Rules that every module here keeps: never block the user's job, never raise into it (only a wrong
argument raises), bound every queue, and never write a key to a log. A module is imported when
something of it is first used, so that ``import vedette`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vedette.sdk.capturing import capture, log_labels, log_predictions
    from vedette.sdk.client import flush, init, shutdown
    from vedette.sdk.data import drift, profile
    from vedette.sdk.data_checks import check
    from vedette.sdk.kpi_values import kpi
    from vedette.sdk.middleware import PredictionMiddleware, PredictionWSGIMiddleware
    from vedette.sdk.pipelines import pipeline, task
    from vedette.sdk.references import log_reference
    from vedette.sdk.shapley import attributions

__all__ = [
    "PredictionMiddleware",
    "PredictionWSGIMiddleware",
    "attributions",
    "capture",
    "check",
    "drift",
    "flush",
    "init",
    "kpi",
    "log_labels",
    "log_predictions",
    "log_reference",
    "pipeline",
    "profile",
    "shutdown",
    "task",
]
_PLACES = {
    "PredictionMiddleware": "middleware",
    "PredictionWSGIMiddleware": "middleware",
    "attributions": "shapley",
    "capture": "capturing",
    "check": "data_checks",
    "drift": "data",
    "flush": "client",
    "init": "client",
    "kpi": "kpi_values",
    "log_labels": "capturing",
    "log_predictions": "capturing",
    "log_reference": "references",
    "pipeline": "pipelines",
    "profile": "data",
    "shutdown": "client",
    "task": "pipelines",
}
"""The module of each name."""


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
