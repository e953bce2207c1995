"""``log_predictions``, ``log_labels``, the decorator ``capture`` and the ASGI middleware."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from vedette.core.errors import InvalidInputError
from vedette.sdk import client
from vedette.sdk.diagnostics import warn
from vedette.sdk.predictions import (
    Capture,
    Entry,
    Record,
    new_ids,
    prediction_records,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

P = ParamSpec("P")
R = TypeVar("R")
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
MAX_BODY_BYTES = 1 << 20
"""Largest request or answer that the middleware looks at."""


def log_predictions(
    model: str,
    predictions: Any,  # noqa: ANN401 - a value, a sequence or an array of them
    features: Any = None,  # noqa: ANN401 - a mapping, a list of them, or a data frame
    *,
    version: str | int = "",
    endpoint: str = "",
    ids: Sequence[str] | None = None,
    scores: Any = None,  # noqa: ANN401 - a mapping or a list of them
    attributions: Any = None,  # noqa: ANN401 - likewise
    tags: Mapping[str, str] | None = None,
    sample: float = 1.0,
    drop: Iterable[str] = (),
    hash: Iterable[str] = (),  # noqa: A002 - what it does
    latency_ms: float | None = None,
) -> list[str]:
    """Send predictions of a model in production, in the background.

    Args:
        model: the registered model's name.
        predictions: one value, or one for each row: numbers or texts.
        features: one mapping, or one for each prediction: dicts, a data frame, or rows of an array.
        version: the model's version.
        endpoint: where the model was asked.
        ids: an id for each prediction, by which labels find it; made where they are not given.
        scores: probabilities by class, one mapping or one for each prediction.
        attributions: what each feature contributed, such as SHAP values (``vedette.attributions``), one
            mapping or one for each prediction.
        tags: texts by name, for segments.
        sample: share that is kept; what is kept weighs its inverse.
        drop: features that never leave the process.
        hash: features that leave it as a keyed hash (the key is ``VEDETTE_HASH_SALT``).
        latency_ms: how long the prediction took.

    Returns:
        The ids, for ``log_labels``.

    Raises:
        InvalidInputError: an argument is wrong; the network never raises.

    """
    what = Capture(
        model, str(version), endpoint, sample, frozenset(drop), frozenset(hash), dict(tags or {})
    )
    count = len(values_of(predictions))
    chosen = list(ids) if ids is not None else new_ids(count)
    if len(chosen) != count:
        raise InvalidInputError(f"there are {count} predictions and {len(chosen)} ids", field="ids")
    at, trace_id = time.time(), _trace_id()
    _put(
        "predictions",
        lambda: prediction_records(
            what, features, predictions, chosen,
            scores=scores, attributions=attributions, latency_ms=latency_ms, trace_id=trace_id, at=at,
        ),
    )  # fmt: skip
    return chosen


def log_labels(model: str, ids: Sequence[str] | str, labels: Any) -> None:  # noqa: ANN401 - values
    """Send what turned out to be true of predictions, whenever it is known; again corrects it.

    Args:
        model: the registered model's name.
        ids: ids of the predictions.
        labels: one value for each id: numbers or texts.

    Raises:
        InvalidInputError: there are more or fewer labels than ids.

    """
    chosen = [ids] if isinstance(ids, str) else list(ids)
    values = values_of(labels)
    if len(values) != len(chosen):
        raise InvalidInputError(
            f"there are {len(values)} labels and {len(chosen)} ids", field="labels"
        )
    at = time.time()
    records: list[Record] = [
        {"model": model, "id": identity, "label": value, "time": at}
        for identity, value in zip(chosen, values, strict=True)
    ]
    _put("labels", lambda: records)


def capture(
    model: str,
    **options: Any,  # noqa: ANN401 - as log_predictions takes them
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function that takes features first and returns predictions; each call is captured.

    Takes ``version``, ``endpoint``, ``tags``, ``sample``, ``drop`` and ``hash`` as
    ``log_predictions`` does. What goes wrong in capturing never reaches the caller.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def captured(*args: P.args, **kwargs: P.kwargs) -> R:
            started = time.perf_counter()
            result = function(*args, **kwargs)
            taken = (time.perf_counter() - started) * 1e3
            try:
                features = args[0] if args else next(iter(kwargs.values()), None)
                log_predictions(model, result, features, latency_ms=taken, **options)
            except Exception as error:  # noqa: BLE001 - the caller's answer comes first
                warn("capture", "a prediction was not captured: %r", error)
            return result

        return captured

    return decorate


class PredictionMiddleware:
    """ASGI middleware (FastAPI, Starlette) that captures the JSON of a path after it was answered.

    Args:
        app: the application.
        model: the registered model's name.
        path: the path that predicts.
        features: takes the request's JSON and returns features; by default the JSON itself, or its
            member ``features`` or ``instances``.
        prediction: takes the answer's JSON and returns the prediction; by default its member
            ``prediction`` or ``predictions``, or the JSON itself.
        options: as ``log_predictions`` takes them.

    """

    def __init__(
        self,
        app: App,
        *,
        model: str,
        path: str = "/predict",
        features: Callable[[Any], Any] | None = None,
        prediction: Callable[[Any], Any] | None = None,
        **options: Any,  # noqa: ANN401 - see above
    ) -> None:
        self._app = app
        self._path = path
        self._features = features or _default_features
        self._prediction = prediction or _default_prediction
        names = {"version", "endpoint", "tags", "sample", "drop", "hash"}
        if unknown := set(options) - names:
            raise InvalidInputError(f"{min(unknown)!r} is not an option", field=min(unknown))
        self._capture = Capture(
            model,
            str(options.get("version", "")),
            options.get("endpoint", path),
            options.get("sample", 1.0),
            frozenset(options.get("drop", ())),
            frozenset(options.get("hash", ())),
            dict(options.get("tags") or {}),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; of the path that predicts, keep what was said."""
        if scope["type"] != "http" or scope["path"] != self._path:
            await self._app(scope, receive, send)
            return
        asked, said, status = bytearray(), bytearray(), 0
        started = time.perf_counter()

        async def hear() -> MutableMapping[str, Any]:
            message = await receive()
            if message["type"] == "http.request" and len(asked) <= MAX_BODY_BYTES:
                asked.extend(message.get("body", b""))
            return message

        async def tell(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif len(said) <= MAX_BODY_BYTES:
                said.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, hear, tell)
        # The answer is with the client now.
        small = max(len(asked), len(said)) <= MAX_BODY_BYTES
        if 200 <= status < 300 and small:  # noqa: PLR2004 - success
            taken = (time.perf_counter() - started) * 1e3
            at, trace_id = time.time(), _trace_id()
            _put(
                "predictions", lambda: self._records(bytes(asked), bytes(said), taken, at, trace_id)
            )

    def _records(
        self, asked: bytes, said: bytes, taken: float, at: float, trace_id: str
    ) -> Iterable[Record]:
        answer = json.loads(said)
        predictions = self._prediction(answer)
        count = len(values_of(predictions))
        given = answer.get("prediction_id") if isinstance(answer, dict) else None
        ids = [str(given)] if given and count == 1 else new_ids(count)
        return prediction_records(
            self._capture, self._features(json.loads(asked)), predictions, ids,
            latency_ms=taken, trace_id=trace_id, at=at,
        )  # fmt: skip


def _default_features(document: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(document, dict):
        return document.get("features", document.get("instances", document))
    return document


def _default_prediction(document: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(document, dict):
        return document.get("prediction", document.get("predictions", document))
    return document


def _put(signal: str, entry: Entry) -> None:
    handle = client.current()
    if handle is None:
        warn("capture-init", "vedette.init was not called: predictions and labels are dropped")
    else:
        handle.record(signal, entry)


def _trace_id() -> str:
    """Return the trace that is open, so that a prediction leads to its request."""
    from opentelemetry import trace  # noqa: PLC0415 - importing vedette must stay cheap

    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""
