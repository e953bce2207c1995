"""The server's API as the demo's people use it: by a key, or signed in with a password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import httpx

from vedette.core.errors import UnavailableError

if TYPE_CHECKING:
    from types import TracebackType

_TIMEOUT_S = 30.0


class Api:
    """One caller. Answers are JSON; what is refused raises ``UnavailableError`` with the reason."""

    def __init__(self, url: str, key: str = "") -> None:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(
            base_url=f"{url}/api/v1", headers=headers, timeout=_TIMEOUT_S, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def sign_in(self, login: str, password: str) -> None:
        """Open a session; what follows is that person's."""
        found = self.send("POST", "/session", {"login": login, "password": password})
        self._client.headers["x-csrf-token"] = found["csrf_token"]

    def get(self, path: str, **params: str) -> Any:  # noqa: ANN401 - JSON
        """Read something."""
        return self._answer(self._client.get(path, params=params))

    def send(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - JSON
        """Change something."""
        return self._answer(self._client.request(method, path, json=body))

    @staticmethod
    def _answer(answer: httpx.Response) -> Any:  # noqa: ANN401 - JSON
        if not answer.is_success:
            request = answer.request
            raise UnavailableError(
                f"{request.method} {request.url.path}: {answer.status_code} {answer.text[:500]}"
            )
        return answer.json() if answer.content else None
