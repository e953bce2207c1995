"""The server as commands see it: an HTTP client with the caller's key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.markup import escape

from vedette.core.errors import VedetteError

DEFAULT_ENDPOINT = "http://127.0.0.1:8230"
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)

Endpoint = Annotated[
    str,
    typer.Option("--endpoint", envvar="VEDETTE_ENDPOINT", help="Address of the server."),
]
ApiKey = Annotated[
    str,
    typer.Option(
        "--api-key", envvar="VEDETTE_API_KEY", help="API key; better set in the environment.",
        show_default=False, show_envvar=True,
    ),
]  # fmt: skip
Start = Annotated[str, typer.Option(help="RFC 3339, Unix time, 'now' or '-15m'.")]
End = Annotated[str, typer.Option(help="As --start.")]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


FAILED = 2
"""What a gate ends with where it could not look at the data; 1 says that they are bad."""


def show_error(error: Exception) -> None:
    """Say what went wrong as one message with a remedy."""
    message, remedy = str(error), ""
    if isinstance(error, VedetteError):
        message, remedy = error.message, error.remedy or ""
    elif isinstance(error, httpx.HTTPError):
        message = f"the server does not answer: {error}"
        remedy = "start it with 'vedette up', or set VEDETTE_ENDPOINT"
    elif isinstance(error, OSError) and error.filename:
        message = f"{error.filename} cannot be read or written: {error.strerror}"
    console = Console(stderr=True, highlight=False)
    console.print(f"[bold red]error:[/] {escape(message)}")
    if remedy:
        console.print(f"[dim]{escape(remedy)}[/]")


@contextmanager
def gate() -> Iterator[None]:
    """Have a command that ends with 1 where data are bad end with 2 where it could not look at them."""
    try:
        yield
    except (VedetteError, httpx.HTTPError, OSError) as error:
        show_error(error)
        raise typer.Exit(FAILED) from error


class ServerError(VedetteError):
    """The server refused a command; carries its message and remedy."""


class Client:
    """One server, one key."""

    def __init__(self, endpoint: str, api_key: str, *, timeout: float | None = None) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._http = httpx.Client(
            base_url=endpoint.rstrip("/") + "/api/v1", headers=headers,
            timeout=httpx.Timeout(timeout, connect=5.0) if timeout else _TIMEOUT,
        )  # fmt: skip

    @classmethod
    @contextmanager
    def of_person(
        cls, endpoint: str, login: str, password: str, account: str = ""
    ) -> Iterator[Client]:
        """Yield a client that is signed in as a person, and sign out: what no key may do."""
        client = cls(endpoint, "")
        body = {"login": login, "password": password}
        session = client.post("/session", {**body, "account": account} if account else body)
        client._http.headers["X-CSRF-Token"] = session["csrf_token"]
        try:
            yield client
        finally:
            client.delete("/session")

    def get(self, path: str, **params: Any) -> Any:  # noqa: ANN401 - JSON
        """GET and return the JSON answer; parameters that are None are left out."""
        return self._answer(self._http.get(path, params=_given(params)))

    def content(self, path: str, **params: Any) -> bytes:  # noqa: ANN401 - by name
        """GET and return the answer as it is."""
        response = self._http.get(path, params=_given(params))
        if not response.is_success:
            self._answer(response)
        return response.content

    def post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """POST JSON and return the JSON answer."""
        return self._answer(self._http.post(path, json=body))

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """PATCH JSON and return the JSON answer."""
        return self._answer(self._http.patch(path, json=body))

    def put(self, path: str, body: Mapping[str, Any], **params: Any) -> Any:  # noqa: ANN401 - JSON
        """PUT JSON and return the JSON answer."""
        return self._answer(self._http.put(path, json=body, params=_given(params)))

    def delete(self, path: str, **params: Any) -> None:  # noqa: ANN401 - by name
        """DELETE."""
        self._answer(self._http.delete(path, params=_given(params)))

    @contextmanager
    def events(self, path: str, **params: Any) -> Iterator[Iterator[tuple[str, str]]]:  # noqa: ANN401
        """Follow server-sent events as pairs of event name and data."""
        timeout = httpx.Timeout(5.0, read=None)
        with self._http.stream("GET", path, params=_given(params), timeout=timeout) as response:
            if response.is_error:
                response.read()
                self._answer(response)
            yield _events(response.iter_lines())

    def _answer(self, response: httpx.Response) -> Any:  # noqa: ANN401 - JSON
        if response.is_success:
            return response.json() if response.content else None
        try:
            error = response.json()["error"]
        except (ValueError, KeyError, TypeError):
            raise ServerError(f"the server answered {response.status_code}") from None
        raise ServerError(
            error["message"], remedy=error.get("remedy"), position=error.get("position")
        )


def _given(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


def _events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    name = "message"
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, line.removeprefix("data: ")
