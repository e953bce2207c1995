"""Visitors of the page without a browser: what the page's script would send, of real requests.

Requests, their durations and failures are those of this process, and their traces go on in the API.
How fast a page is painted cannot be measured without a browser, so that it is drawn.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

import httpx
from opentelemetry.instrumentation.utils import suppress_instrumentation

if TYPE_CHECKING:
    import random

    from vedette.demo.workload.page import App

USERS = 400
"""People who come again and again."""
_ERROR = 400
_SERVER_ERROR = 500
_VITALS = {
    "TTFB": (60, 0.5),
    "FCP": (700, 0.4),
    "LCP": (1500, 0.4),
    "INP": (90, 0.6),
    "CLS": (0.03, 1.0),
}
"""Median, and spread of the logarithm: milliseconds, but for CLS."""
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Version/18.6 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
)
_STACK = "TypeError: Cannot read properties of undefined (reading 'toFixed')\n    at HTMLFormElement.ask (/:{line}:58)"


class Visitor:
    """One session on the page."""

    def __init__(
        self, app: App, client: httpx.AsyncClient, dice: random.Random, version: str
    ) -> None:
        self._app, self._client, self._dice = app, client, dice
        self._trace, self._page = secrets.token_hex(16), secrets.token_hex(8)
        self._of_page = {
            "session.id": secrets.token_hex(16), "user.id": f"{dice.randrange(USERS):032x}",
            "vedette.page.id": self._page, "url.path": "/", "vedette.page": "/",
        }  # fmt: skip
        self._resource = {"service.version": version, "deployment.environment.name": "demo"}
        self._agent = dice.choice(_AGENTS)
        self._records: list[dict[str, Any]] = []
        self._spans: list[dict[str, Any]] = []

    def open(self) -> None:
        """Note that the page was opened, and how fast it was."""
        self._log("browser.page_view", {"vedette.page.kind": "load", "browser.language": "en"})
        for name, (median, spread) in _VITALS.items():
            value = median * self._dice.lognormvariate(0, spread)
            self._log(
                "browser.web_vital",
                {
                    "browser.web_vital.name": name, "browser.web_vital.value": value,
                    "browser.web_vital.id": self._page,
                },
            )  # fmt: skip

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        """Send a request as the page does, and note its span; errors of the network go through."""
        span, start = secrets.token_hex(8), time.time_ns()
        headers = {"traceparent": f"00-{self._trace}-{span}-01", "user-agent": self._agent}
        status, error = 0, "NetworkError"
        try:
            with suppress_instrumentation():
                answer = await self._client.request(method, path, headers=headers, **options)
            status = answer.status_code
            error = str(status) if status >= _ERROR else ""
        finally:
            self._spans.append(
                {
                    "traceId": self._trace, "spanId": span, "name": f"{method} {path}", "kind": 3,
                    "startTimeUnixNano": str(start), "endTimeUnixNano": str(time.time_ns()),
                    "status": {"code": 2 if error else 0},
                    "attributes": _attributes(
                        {
                            **self._of_page, "http.request.method": method,
                            "url.full": f"{self._app.origin}{path}",
                            "http.response.status_code": float(status), "error.type": error,
                        }
                    ),
                }
            )  # fmt: skip
        if status >= _SERVER_ERROR:
            self._fail()
        return answer

    def _fail(self) -> None:
        """Note what the page's code makes of an answer without a probability."""
        stack = _STACK.format(line=33)
        kind, message = "TypeError", stack.partition(": ")[2].partition("\n")[0]
        details = {
            "exception.type": kind, "exception.message": message, "exception.stacktrace": stack
        }  # fmt: skip
        self._log("exception", details, f"{kind}: {message}", error=True)

    async def close(self) -> None:
        """Send everything, as a page does that is left."""
        logs = {"scopeLogs": [{"scope": {"name": "vedette.browser"}, "logRecords": self._records}]}
        spans = {"scopeSpans": [{"scope": {"name": "vedette.browser"}, "spans": self._spans}]}
        for signal, outer, records in (
            ("logs", "resourceLogs", logs), ("traces", "resourceSpans", spans)
        ):  # fmt: skip
            resource = {"attributes": _attributes(self._resource)}
            with suppress_instrumentation():
                answer = await self._client.post(
                    f"{self._app.endpoint}/rum/v1/{signal}",
                    params={"key": self._app.key},
                    json={outer: [{"resource": resource, **records}]},
                    headers={"origin": self._app.origin, "user-agent": self._agent},
                )
            answer.raise_for_status()

    def _log(
        self, name: str, attributes: dict[str, Any], body: str = "", *, error: bool = False
    ) -> None:
        self._records.append(
            {
                "timeUnixNano": str(time.time_ns()), "eventName": name, "traceId": self._trace,
                "severityNumber": 17 if error else 9, "severityText": "ERROR" if error else "INFO",
                "body": {"stringValue": body or name},
                "attributes": _attributes({**self._of_page, **attributes}),
            }
        )  # fmt: skip


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "key": key,
            "value": {"doubleValue": value} if isinstance(value, float) else {"stringValue": value},
        }
        for key, value in values.items()
        if value not in {"", 0.0}
    ]
