"""A client of MLflow's REST API, which an MLflow server and Vedette both have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from vedette.cli.client import ServerError

_TIMEOUT = httpx.Timeout(120.0, connect=10.0)
_FILES = "/mlflow-artifacts/artifacts"
_SCHEME = "mlflow-artifacts"
_INTERNAL = 500
Answer = dict[str, Any]


class MlflowError(ServerError):
    """A server refused a call; ``status`` is that of HTTP."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_refusal(self) -> bool:
        """Whether the same call would be refused again."""
        return self.status < _INTERNAL and self.status not in {401, 403, 408, 429}


class MlflowApi:
    """One server that speaks MLflow's REST API."""

    def __init__(self, url: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/2.0", headers=headers, timeout=_TIMEOUT
        )

    def call(self, method: str, path: str, *, allow: str = "", **body: Any) -> Answer | None:  # noqa: ANN401 - JSON
        """Call the API; an error with the code ``allow`` is None, others are raised."""
        reads = method == "GET"
        response = self._http.request(
            method, f"/mlflow/{path}", params=body if reads else None, json=None if reads else body
        )
        if response.is_success:
            answer: Answer = response.json() if response.content else {}
            return answer
        code, message = _error(response)
        if allow and code == allow:
            return None
        raise MlflowError(f"{path}: {message}", response.status_code)

    def pages(self, method: str, path: str, member: str, **body: Any) -> Iterator[Answer]:  # noqa: ANN401 - JSON
        """Yield the items of all pages of a search."""
        token = None
        while True:
            more: Answer = {"page_token": token} if token else {}
            answer = self.call(method, path, **body, **more) or {}
            yield from answer.get(member, ())
            token = answer.get("next_page_token")
            if not token:
                return

    def download(self, path: str) -> Iterator[bytes]:
        """Yield a proxied artifact in pieces."""
        with self._http.stream("GET", f"{_FILES}/{quote(path)}") as response:
            if not response.is_success:
                response.read()
            _check(response, path)
            yield from response.iter_bytes(1 << 20)

    def upload(self, path: str, content: Iterator[bytes]) -> None:
        """Store a proxied artifact."""
        _check(self._http.put(f"{_FILES}/{quote(path)}", content=content), path)

    def artifacts(self, folder: str) -> Iterator[str]:
        """Yield the paths of the files below a proxied folder."""
        response = self._http.get(_FILES, params={"path": folder})
        _check(response, folder)
        for item in response.json().get("files", ()):
            path = f"{folder}/{item['path'].rpartition('/')[2]}"
            if item["is_dir"]:
                yield from self.artifacts(path)
            else:
                yield path


def proxied_path(uri: str) -> str | None:
    """Return the path of a file or folder that a server hands out itself, else None."""
    parts = urlsplit(uri)
    return parts.path.strip("/") if parts.scheme == _SCHEME else None


def _check(response: httpx.Response, path: str) -> None:
    if not response.is_success:
        raise MlflowError(f"{path}: {_error(response)[1]}", response.status_code)


def _error(response: httpx.Response) -> tuple[str, str]:
    """Return the code of an error, and what it says with its status."""
    try:
        document = response.json()
    except ValueError:
        document = {}
    error = document if isinstance(document, dict) else {}
    message = error.get("message") or error.get("detail") or response.text[:200]
    return error.get("error_code", ""), f"{response.status_code} {message}"
