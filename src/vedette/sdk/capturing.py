"""``log_predictions``, ``log_labels`` and the decorator ``capture``."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from vedette.core.errors import InvalidInputError
from vedette.sdk import client
from vedette.sdk.diagnostics import warn
from vedette.sdk.predictions import (
    Capture,
    Entry,
    Record,
    new_ids,
    prediction_records,
    snapshot,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

P = ParamSpec("P")
R = TypeVar("R")


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
    values = values_of(predictions)
    chosen = _texts(ids) if ids is not None else new_ids(len(values))
    if len(chosen) != len(values):
        raise InvalidInputError(
            f"there are {len(values)} predictions and {len(chosen)} ids", field="ids"
        )
    try:
        # The caller may go on with what it handed over; records are made of it later.
        rows, sizes, shares = snapshot(features), snapshot(scores), snapshot(attributions)
    except Exception as error:  # noqa: BLE001 - what users hand over may do anything
        warn("capture-predictions", "predictions could not be captured: %r", error)
        return chosen
    at, trace_id = time.time(), trace_id_of_now()
    put(
        "predictions",
        lambda: prediction_records(
            what, rows, values, chosen,
            scores=sizes, attributions=shares, latency_ms=latency_ms, trace_id=trace_id, at=at,
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
    chosen = _texts(ids)
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
    put("labels", lambda: records)


def capture(
    model: str,
    **options: Any,  # noqa: ANN401 - as log_predictions takes them
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function that takes features first and returns predictions; each call is captured.

    It may be a coroutine, or a method, whose features come after ``self``. Takes ``version``,
    ``endpoint``, ``tags``, ``sample``, ``drop`` and ``hash`` as ``log_predictions`` does. What goes
    wrong in capturing never reaches the caller.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        place = 1 if _first_parameter(function) in {"self", "cls"} else 0

        def keep(result: Any, started: float, args: Any, kwargs: Any) -> None:  # noqa: ANN401 - any call
            taken = (time.perf_counter() - started) * 1e3
            try:
                given = (*args[place:], *kwargs.values())
                features = given[0] if given else None
                log_predictions(model, result, features, latency_ms=taken, **options)
            except Exception as error:  # noqa: BLE001 - the caller's answer comes first
                warn("capture", "a prediction was not captured: %r", error)

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:  # noqa: ANN401 - the function's
                started = time.perf_counter()
                result = await function(*args, **kwargs)
                keep(result, started, args, kwargs)
                return result

            return cast("Callable[P, R]", awaited)

        @functools.wraps(function)
        def captured(*args: P.args, **kwargs: P.kwargs) -> R:
            started = time.perf_counter()
            result = function(*args, **kwargs)
            keep(result, started, args, kwargs)
            return result

        return captured

    return decorate


def _first_parameter(function: Callable[..., Any]) -> str:
    try:
        return next(iter(inspect.signature(function).parameters), "")
    except ValueError:  # one of C
        return ""


def _texts(ids: Sequence[Any] | Any) -> list[str]:  # noqa: ANN401 - an id or many
    """Return ids as texts: what comes of a data frame are numbers that JSON does not know."""
    return [str(identity) for identity in values_of(ids)]


def put(signal: str, entry: Entry) -> None:
    """Hand an entry over to the process's client, without waiting."""
    handle = client.current()
    if handle is None:
        warn("capture-init", "vedette.init was not called: predictions and labels are dropped")
    else:
        handle.record(signal, entry)


def trace_id_of_now() -> str:
    """Return the trace that is open, so that a prediction leads to its request."""
    from opentelemetry import trace  # noqa: PLC0415 - importing vedette must stay cheap

    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""
