"""Models of specs: checked with our errors, and dumped without defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from vedette.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


def dumped(model: BaseModel) -> dict[str, Any]:
    """Return a model as plain JSON without defaults."""
    plain: dict[str, Any] = orjson.loads(model.model_dump_json(exclude_defaults=True))
    return plain


def no_labels(labels: Mapping[str, str]) -> None:
    """Refuse labels of a kind that has none."""
    if labels:
        raise InvalidInputError(
            "this kind has no labels", field="metadata.labels", remedy="leave them out"
        )


def checked(make: Callable[[], T]) -> T:
    """Return what is made, with the library's errors as ours; never with the input in them.

    Raises:
        InvalidInputError: ``field`` names the first member that is wrong.

    """
    try:
        return make()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        steps = [str(step) for step in first["loc"] if not str(step).startswith("function-")]
        where = ".".join(steps)
        message = str(first["msg"]).removeprefix("Value error, ")
        raise InvalidInputError(
            f"{where}: {message}" if where else message,
            field=".".join(["spec", *steps]),
            remedy="see docs/alarms.md for the members",
        ) from error
