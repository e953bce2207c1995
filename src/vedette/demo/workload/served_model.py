"""The model that the API answers with: follows the newest version, and rolls back a broken one."""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from vedette.demo.workload import model as models

models.limit_threads()

import numpy as np  # noqa: E402 - after the limit on its threads

from vedette.core.errors import UnavailableError  # noqa: E402
from vedette.demo.workload.feature_store import FEATURES  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_FAILURES = 12
"""Failures in a row after which a version is given up."""
_POLL_S = 1.0
_BACKGROUND = 64
"""Flights asked for last that stand for an unknown one when an answer is explained."""
_log = logging.getLogger(__name__)


class ServedModel:
    """Thread-safe holder of the current version and the one before it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: models.Model | None = None
        self._previous: models.Model | None = None
        self._seen = 0
        self._failures = 0
        self._asked: deque[list[float]] = deque(maxlen=_BACKGROUND)

    @property
    def version(self) -> int | None:
        """The version that answers now."""
        current = self._current
        return current.version if current else None

    def follow(self, stopping: threading.Event) -> None:
        """Load each new version as it appears, until told to stop."""
        while not stopping.is_set():
            newest = max(models.versions(), default=0)
            if newest > self._seen:
                self.load(newest)
            stopping.wait(_POLL_S)

    def load(self, version: int) -> None:
        """Serve a version from now on; a broken file leaves the last one serving."""
        self._seen = version
        try:
            loaded = models.load(version)
        except Exception:  # noqa: BLE001 - whatever a broken file does, the last model goes on
            _log.exception("model version %d cannot be loaded", version)
            return
        with self._lock:
            self._previous, self._current, self._failures = self._current, loaded, 0
        _log.info("now serving model version %d", version, extra=_labels(version))

    def predict(self, row: Mapping[str, Any]) -> tuple[float, int]:
        """Return the probability that a flight is late and the version that says so.

        Raises:
            UnavailableError: no version is loaded yet.
            ValueError: the estimator does not take the features.

        """
        model = self._current
        if model is None:
            raise UnavailableError("no model is trained yet", retry_after=5)
        inputs = models.encode(row, FEATURES, model.categories)
        try:
            probability = float(model.estimator.predict_proba(np.array([inputs]))[0, 1])
        except ValueError:
            self._count_failure(model)
            raise
        self._failures = 0
        self._asked.append(inputs)
        return probability, model.version

    def explain(self, row: Mapping[str, Any], version: int) -> dict[str, float] | None:
        """Return what each feature added to an answer; None where another version answers by now."""
        model = self._current
        if model is None or model.version != version:
            return None
        inputs = np.array([models.encode(row, FEATURES, model.categories)])
        [found] = models.explanations(model, inputs, np.array(self._asked), orders=2)
        return found

    def _count_failure(self, model: models.Model) -> None:
        with self._lock:
            if model is not self._current:
                return
            self._failures += 1
            if self._failures < MOST_FAILURES or self._previous is None:
                return
            self._current, self._previous, self._failures = self._previous, None, 0
            version = self._current.version
        _log.error(
            "%d predictions in a row failed: rolled back from model version %d to %d",
            MOST_FAILURES,
            model.version,
            version,
            extra=_labels(version),
        )


def _labels(version: int) -> dict[str, str]:
    return {"vedette.model.name": models.NAME, "vedette.model.version": str(version)}
