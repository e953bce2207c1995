"""``vedette.pipeline`` and ``vedette.task``: decorators and context managers for pipelines."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.sdk.activities import Scope

_OPTIONS = tuple(
    name
    for name, parameter in inspect.signature(Scope).parameters.items()
    if parameter.kind is parameter.KEYWORD_ONLY
)


def pipeline(name: str | Callable[..., Any] = "", **options: Any) -> Any:  # noqa: ANN401 - see below
    """Tell of a pipeline's runs: before a function with or without arguments, or with ``with``.

    ``@vedette.pipeline``, ``@vedette.pipeline("nightly")`` and
    ``with vedette.pipeline("nightly") as run:`` make a span and events of OpenLineage of each run;
    tasks inside belong to it. Functions may be async. Never blocks, and raises only for a wrong
    argument.

    Args:
        name: the pipeline's name; a function's own where it is not given.
        options: ``reads`` and ``writes`` (datasets: plain names, paths or URLs), ``owners``,
            ``tags``, ``description``, ``partition`` (which part of the data), ``scheduled`` (the
            moment, or start and end, that the run is about), ``namespace``, ``retries``,
            ``retry_delay`` in seconds, ``retry_on``.

    """
    return _scope("pipeline", name, options)


def task(name: str | Callable[..., Any] = "", **options: Any) -> Any:  # noqa: ANN401 - see below
    """Tell of a task of a pipeline, as ``pipeline`` does.

    In ``with vedette.task("load") as task:`` say what was moved: ``task.write("orders", frame)``,
    ``task.read("s3://bucket/x.parquet", rows=10)``, or ``task.rows_out = 10``. A decorated function's
    first argument and result are told where they are frames; each retry is an attempt of its own.
    """
    return _scope("task", name, options)


def _scope(kind: str, name: str | Callable[..., Any], options: dict[str, Any]) -> Any:  # noqa: ANN401
    for option in options:
        if option not in _OPTIONS:
            raise InvalidInputError(
                f"a {kind} has no option {option!r}",
                field=option,
                remedy=f"its options are {', '.join(_OPTIONS)}; rows and bytes are told by its "
                "read(...) and write(...)",
            )
    if callable(name):
        return Scope(kind, name.__name__, **options)(name)
    if name:
        return Scope(kind, name, **options)
    return lambda function: Scope(kind, function.__name__, **options)(function)
