"""The router that every subject of the API makes."""

from __future__ import annotations

import warnings
from typing import Any

from fastapi import APIRouter
from pydantic.warnings import UnsupportedFieldAttributeWarning

from vedette.api.errors import COMMON_ERRORS, operation_name

PREFIX = "/api/v1"
# FastAPI gives its parameters aliases, and silences what pydantic says of them where it makes one; ours
# are built when they are first used (``defer_build``).
warnings.filterwarnings(
    "ignore", "The 'alias' attribute with value", category=UnsupportedFieldAttributeWarning
)


class Router(APIRouter):
    """Routes of one subject, whole as they are made: path, errors and names.

    Applications take its ``routes`` as they are. ``include_router`` would build each of them a second
    time, which for all of the API takes seconds of a start.

    Args:
        prefix: of the paths, below ``/api/v1``.
        tags: sections of the OpenAPI document.
        responses: answers that these routes have beside those that any has.

    """

    def __init__(
        self,
        *,
        prefix: str = "",
        tags: list[str] | None = None,
        responses: dict[int | str, dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            prefix=PREFIX + prefix,
            tags=[*(tags or ())],
            responses={**COMMON_ERRORS, **(responses or {})},
            generate_unique_id_function=operation_name,
        )
