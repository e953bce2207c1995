"""Vedette: the open lookout for data and ML.

This module stays light: each name is imported when it is first used, see ``vedette.sdk``.
"""

from typing import TYPE_CHECKING

from vedette import sdk
from vedette.core.version import VERSION

if TYPE_CHECKING:
    from vedette.sdk import (
        PredictionMiddleware,
        PredictionWSGIMiddleware,
        attributions,
        capture,
        check,
        drift,
        flush,
        init,
        kpi,
        log_labels,
        log_predictions,
        log_reference,
        pipeline,
        profile,
        shutdown,
        task,
    )

__version__ = VERSION

__all__ = [
    "PredictionMiddleware",
    "PredictionWSGIMiddleware",
    "__version__",
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


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(sdk, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
