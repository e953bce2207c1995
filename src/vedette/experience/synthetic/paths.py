"""Paths into JSON: ``$.a.b[0]["c d"]``."""

from __future__ import annotations

import re
from typing import Any

from vedette.core.errors import InvalidInputError

_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(-?\d{1,9})\]|\[\"((?:[^\"\\]|\\.)*)\"\]")
MAX_STEPS = 50


class MissingPathError(Exception):
    """The document has nothing at the path."""


def parse_path(text: str) -> list[str | int]:
    """Return the steps of a path.

    Raises:
        InvalidInputError: it is none.

    """
    steps: list[str | int] = []
    position = 1
    while text.startswith("$") and position < len(text):
        found = _STEP.match(text, position)
        if found is None or len(steps) >= MAX_STEPS:
            break
        name, index, quoted = found.groups()
        steps.append(name if name is not None else int(index) if index is not None else quoted)
        position = found.end()
    if not text.startswith("$") or position != len(text):
        raise InvalidInputError(
            f"{text[:100]!r} is no path into JSON",
            field="path",
            remedy='write $.items[0].price, or $["with space"]',
        )
    return steps


def read_path(document: Any, text: str) -> Any:  # noqa: ANN401 - JSON
    """Return what stands at a path.

    Raises:
        MissingPathError: nothing does.

    """
    here = document
    for step in parse_path(text):
        try:
            if isinstance(step, int):
                if not isinstance(here, list):
                    raise MissingPathError(text)
                here = here[step]
            else:
                if not isinstance(here, dict):
                    raise MissingPathError(text)
                here = here[step]
        except (KeyError, IndexError) as error:
            raise MissingPathError(text) from error
    return here
