"""Predictions and labels of models in production, on their way beside the answer, never before it.

What the caller does on its own thread is to put one entry into a bounded queue; making records of it,
sampling, leaving out and hashing columns, and encoding happen on the queue's thread.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import math
import os
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vedette.core.errors import InvalidInputError
from vedette.sdk import compression
from vedette.sdk.batch import Batch
from vedette.sdk.config import BatchLimits
from vedette.sdk.diagnostics import warn
from vedette.sdk.record_queue import RecordQueue

if TYPE_CHECKING:
    from vedette.sdk.transport import Sender

Record = dict[str, Any]
Entry = Callable[[], Iterable[Record]]
"""Makes records, on the queue's thread."""
SALT_VARIABLE = "VEDETTE_HASH_SALT"
_LIMITS = BatchLimits(max_queue_size=10_000, max_export_batch_size=1_000, schedule_delay=1.0)
_SPACE = 2**64


@dataclass(frozen=True, slots=True)
class Capture:
    """What is captured of each prediction, and how.

    Attributes:
        model: name of the model.
        version: its version.
        endpoint: where it was asked.
        sample: share of predictions that is kept, above 0 and up to 1. What is kept weighs
            ``1 / sample``, and is chosen by the prediction's id, so that every process agrees.
        drop: features that never leave the process.
        hash: features that leave it as a keyed hash; the key is ``VEDETTE_HASH_SALT``.
        tags: texts by name.

    """

    model: str
    version: str = ""
    endpoint: str = ""
    sample: float = 1.0
    drop: frozenset[str] = frozenset()
    hash: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.model:
            raise InvalidInputError("a prediction needs a model", field="model")
        if not 0 < self.sample <= 1:
            raise InvalidInputError(
                f"{self.sample} is not a share", field="sample", remedy="give above 0 and up to 1"
            )
        if self.hash and not os.environ.get(SALT_VARIABLE):
            raise InvalidInputError(
                "hashed features need a key, or they could be guessed",
                field="hash",
                remedy=f"set {SALT_VARIABLE} to a secret text, the same in every process",
            )

    def keeps(self, prediction_id: str) -> bool:
        """Tell whether the prediction of this id is in the sample."""
        if self.sample >= 1:
            return True
        digest = hashlib.blake2b(prediction_id.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") < self.sample * _SPACE

    def cleaned(self, features: Mapping[str, Any]) -> Record:
        """Return features as they may leave the process."""
        cleaned = {}
        for name, value in features.items():
            if name in self.drop:
                continue
            cleaned[str(name)] = _hashed(value) if name in self.hash else plain(value)
        return cleaned


class Recorder:
    """The queues of predictions and labels of one process.

    Args:
        sender: takes encoded batches.
        count_lost: gets the number of entries that found a queue full.

    """

    def __init__(self, sender: Sender, count_lost: Callable[[int], None]) -> None:
        self._sender = sender
        self._queues = {
            signal: RecordQueue[Entry](signal, _LIMITS, self._exporter(signal), count_lost)
            for signal in ("predictions", "labels", "lineage")
        }

    def put(self, signal: str, entry: Entry) -> None:
        """Take an entry without waiting."""
        self._queues[signal].put(entry)

    def drain(self, deadline: float) -> bool:
        """Encode and submit what waits, until ``deadline`` (monotonic seconds)."""
        drained = True
        for queue in self._queues.values():
            drained = queue.drain(max(0.0, deadline - time.monotonic())) and drained
        return drained

    def close(self, deadline: float) -> None:
        """Submit what waits and take no more."""
        for queue in self._queues.values():
            queue.close(max(0.0, deadline - time.monotonic()))

    def after_fork_in_child(self) -> None:
        """Start empty."""
        for queue in self._queues.values():
            queue.after_fork_in_child()

    def _exporter(self, signal: str) -> Callable[[list[Entry]], None]:
        def export(entries: list[Entry]) -> None:
            lines: list[bytes] = []
            for entry in entries:
                try:
                    lines.extend(_encoded(record) for record in entry())
                except Exception as error:  # noqa: BLE001 - what users hand over may do anything
                    warn(f"capture-{signal}", "%s could not be captured: %r", signal, error)
            if lines:
                coding = self._sender.coding
                whole = b"\n".join(lines)
                if signal == "lineage":  # OpenLineage's batches are arrays
                    whole = b"[" + b",".join(lines) + b"]"
                body = compression.compress(whole, coding)
                self._sender.submit(Batch(signal, body, coding, len(lines)))

        return export


def prediction_records(
    capture: Capture,
    features: Any,  # noqa: ANN401 - a mapping, a list of them, or a data frame
    predictions: Any,  # noqa: ANN401 - a value, a sequence or an array of them
    ids: Sequence[str],
    *,
    scores: Any = None,  # noqa: ANN401 - a mapping or a list of them
    attributions: Any = None,  # noqa: ANN401 - likewise
    latency_ms: float | None = None,
    trace_id: str = "",
    at: float | None = None,
) -> Iterable[Record]:
    """Yield the records of predictions that are in the sample."""
    values = values_of(predictions)
    rows = rows_of(features, len(values))
    all_scores = rows_of(scores, len(values))
    shares = rows_of(attributions, len(values))
    for identity, value, row, score, share in zip(
        ids, values, rows, all_scores, shares, strict=True
    ):
        if not capture.keeps(identity):
            continue
        record: Record = {
            "model": capture.model,
            "version": capture.version,
            "endpoint": capture.endpoint,
            "id": identity,
            "time": at,
            "prediction": plain(value),
            "features": capture.cleaned(row),
            "scores": {str(name): plain(number) for name, number in score.items()},
            "attributions": {
                str(name): plain(number)
                for name, number in share.items()
                if name not in capture.drop
            },
            "tags": dict(capture.tags),
            "weight": 1 / capture.sample,
            "latency_ms": latency_ms,
            "trace_id": trace_id,
        }
        yield {name: item for name, item in record.items() if item not in (None, "", {})}


def values_of(predictions: Any) -> list[Any]:  # noqa: ANN401 - a value or many
    """Return one value a prediction."""
    if hasattr(predictions, "tolist"):
        predictions = predictions.tolist()
    if isinstance(predictions, list | tuple):
        return list(predictions)
    return [predictions]


def snapshot(given: Any) -> Any:  # noqa: ANN401 - features, scores or attributions
    """Return what was handed over as it is now; whoever handed it over may change it afterwards."""
    if hasattr(given, "model_dump"):  # pydantic
        given = given.model_dump()
    elif dataclasses.is_dataclass(given) and not isinstance(given, type):
        given = dataclasses.asdict(given)
    if isinstance(given, Mapping):
        return dict(given)
    if isinstance(given, list | tuple):
        return [snapshot(one) for one in given]
    return given.copy() if hasattr(given, "copy") else given


def rows_of(features: Any, count: int) -> list[Mapping[str, Any]]:  # noqa: ANN401 - see above
    """Return one mapping a prediction."""
    if features is None:
        return [{}] * count
    if hasattr(features, "to_dict") and hasattr(features, "columns"):
        features = features.to_dict("records")
    if isinstance(features, Mapping):
        return [features] * count
    rows = features.tolist() if hasattr(features, "tolist") else list(features)
    if count == 1 and rows and not isinstance(rows[0], Mapping | list | tuple):
        rows = [rows]
    return [
        row if isinstance(row, Mapping) else {f"f{n}": value for n, value in enumerate(row)}
        for row in rows
    ]


def new_ids(count: int) -> list[str]:
    """Return ids for predictions whose caller has none."""
    return [uuid.uuid4().hex for _ in range(count)]


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever a feature is
    """Return a value as JSON has it; what JSON cannot say is missing, or a text."""
    if hasattr(value, "item") and not isinstance(value, str | bytes):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def _hashed(value: Any) -> str | None:  # noqa: ANN401 - whatever a feature is
    found = plain(value)
    if found is None:
        return None
    key = os.environ.get(SALT_VARIABLE, "").encode()
    return hmac.new(key, str(found).encode(), hashlib.sha256).hexdigest()[:32]


def _encoded(record: Record) -> bytes:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
