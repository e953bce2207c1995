"""Vedette: the open lookout for data and ML.

This module stays light: nothing of OpenTelemetry is imported before ``init`` is called.
"""

from typing import TYPE_CHECKING

from vedette import sdk
from vedette.core.version import VERSION
from vedette.sdk import (
    attributions,
    check,
    drift,
    flush,
    init,
    kpi,
    log_reference,
    pipeline,
    profile,
    shutdown,
    task,
)

if TYPE_CHECKING:
    from vedette.sdk import PredictionMiddleware, capture, log_labels, log_predictions

__version__ = VERSION

__all__ = [
    "PredictionMiddleware",
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
    """Import what captures predictions when it is first used."""
    if name in __all__:
        return getattr(sdk, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
