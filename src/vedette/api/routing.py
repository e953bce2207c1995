"""The router that every subject of the API makes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette._utils import get_route_path
from starlette.routing import Match
from starlette.types import Scope

from vedette.api.errors import COMMON_ERRORS, operation_name
from vedette.web.route_index import fixed_part

PREFIX = "/api/v1"
# FastAPI gives its parameters aliases, and silences what pydantic says of them where it makes one; ours
# are built when they are first used (``defer_build``).
warnings.filterwarnings(
    "ignore", "The 'alias' attribute with value", category=UnsupportedFieldAttributeWarning
)


class LateRoute(APIRoute):
    """A route that is built, with all that it depends on, when something first asks for it.

    To build hundreds of them is a third of a start; a server answers a few dozen of them a day. What
    is wrong with one's declaration shows in the OpenAPI document, which builds them all.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401
        self._declared: tuple[str, Callable[..., Any], dict[str, Any]] | None
        self._declared = (path, endpoint, options)
        self.path, self.endpoint = path, endpoint
        self.name = options.get("name") or endpoint.__name__
        self._fixed_part = fixed_part(path)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute that is not there yet
        declared = self.__dict__.get("_declared")
        if declared is None:
            raise AttributeError(name)
        self._declared = None
        path, endpoint, options = declared
        super().__init__(path, endpoint, **options)
        return getattr(self, name)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as any route does; building none whose path begins otherwise."""
        if not get_route_path(scope).startswith(self._fixed_part):
            return Match.NONE, {}
        return super().matches(scope)


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
            route_class=LateRoute,
        )
