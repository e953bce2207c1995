"""Routes found by how their paths begin, where trying hundreds in turn takes longer than an answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from starlette._utils import get_route_path
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import Receive, Scope, Send

_FOUND = "vedette.route"


class RouteIndex(BaseRoute):
    """Finds the route of a request among many; put it before them.

    A path is looked up whole, then by ever shorter beginnings, and only the routes whose fixed part
    is that beginning are tried. What matches in part, or not at all, is left to the routes behind.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._by_start: dict[str, list[Route]] = {}
        for route in routes:
            if isinstance(route, Route):
                self._by_start.setdefault(fixed_part(route.path), []).append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return the match of the first route that takes path and method."""
        if scope["type"] == "http":
            for start in _starts(get_route_path(scope)):
                for route in self._by_start.get(start, ()):
                    match, child_scope = route.matches(scope)
                    if match is Match.FULL:
                        return match, {**child_scope, _FOUND: route}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route that was found answer."""
        await scope.pop(_FOUND).handle(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: object) -> NoMatchFound:  # type: ignore[override]
        """Find no name: those are the routes' own."""
        raise NoMatchFound(name, path_params)


def fixed_part(path: str) -> str:
    """Return how every path begins that a route's path stands for: its parts before a parameter."""
    start, parameter, _ = path.partition("{")
    return start[: start.rfind("/")] if parameter else path


def _starts(path: str) -> Iterator[str]:
    """Yield a path, then what is left of it without its last parts."""
    yield path
    while path:
        path = path[: path.rfind("/")]
        yield path
