"""Middleware that captures the predictions of a service, for ASGI (FastAPI) and WSGI (Flask)."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from typing import Any, Generic, TypeVar

from vedette.core.errors import InvalidInputError
from vedette.sdk.capturing import put, trace_id_of_now
from vedette.sdk.predictions import Capture, Record, new_ids, prediction_records, values_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Reader = Callable[[Any], Any]
Application = TypeVar("Application", App, WSGIApp)
MAX_BODY_BYTES = 1 << 20
"""Largest request or answer that the middleware looks at."""
_OPTIONS = frozenset({"version", "endpoint", "tags", "sample", "drop", "hash"})


class _Endpoint:
    """A path that predicts, and how what it says is read."""

    def __init__(
        self,
        model: str,
        path: str,
        features: Reader | None,
        prediction: Reader | None,
        options: dict[str, Any],
    ) -> None:
        if unknown := set(options) - _OPTIONS:
            raise InvalidInputError(f"{min(unknown)!r} is not an option", field=min(unknown))
        self.path = path
        self._features = features or _default_features
        self._prediction = prediction or _default_prediction
        self._capture = Capture(
            model,
            str(options.get("version", "")),
            options.get("endpoint", path),
            options.get("sample", 1.0),
            frozenset(options.get("drop", ())),
            frozenset(options.get("hash", ())),
            dict(options.get("tags") or {}),
        )

    def records(
        self, asked: bytes, said: bytes, taken: float, at: float, trace_id: str
    ) -> Iterable[Record]:
        """Return what is captured of a request and its answer."""
        answer = json.loads(said)
        predictions = self._prediction(answer)
        count = len(values_of(predictions))
        given = answer.get("prediction_id") if isinstance(answer, dict) else None
        ids = [str(given)] if given and count == 1 else new_ids(count)
        return prediction_records(
            self._capture, self._features(json.loads(asked)), predictions, ids,
            latency_ms=taken, trace_id=trace_id, at=at,
        )  # fmt: skip


class _Exchange:
    """One request and its answer, as far as they fit."""

    def __init__(self, endpoint: _Endpoint) -> None:
        self._endpoint = endpoint
        self._asked, self._said = bytearray(), bytearray()
        self._started = time.perf_counter()
        self._trace_id = ""
        self.status = 0

    def hear(self, piece: bytes) -> bytes:
        """Keep a piece of the request."""
        if len(self._asked) <= MAX_BODY_BYTES:
            self._asked.extend(piece)
        return piece

    def tell(self, piece: bytes) -> bytes:
        """Keep a piece of the answer."""
        if not self._said:
            # While it is answered: afterwards the request's span may be closed.
            self._trace_id = trace_id_of_now()
        if len(self._said) <= MAX_BODY_BYTES:
            self._said.extend(piece)
        return piece

    def end(self) -> None:
        """Hand it over, now that the answer is with the client."""
        small = max(len(self._asked), len(self._said)) <= MAX_BODY_BYTES
        if 200 <= self.status < 300 and small:  # noqa: PLR2004 - success
            taken, at = (time.perf_counter() - self._started) * 1e3, time.time()
            asked, said, trace_id = bytes(self._asked), bytes(self._said), self._trace_id
            records = self._endpoint.records
            put("predictions", lambda: records(asked, said, taken, at, trace_id))


class _Middleware(Generic[Application]):
    """What both kinds of middleware are told."""

    def __init__(
        self,
        app: Application,
        *,
        model: str,
        path: str = "/predict",
        features: Reader | None = None,
        prediction: Reader | None = None,
        **options: Any,  # noqa: ANN401 - see below
    ) -> None:
        """Capture the JSON of a path.

        Args:
            app: the application.
            model: the registered model's name.
            path: the path that predicts.
            features: takes the request's JSON and returns features; by default the JSON itself, or
                its member ``features`` or ``instances``.
            prediction: takes the answer's JSON and returns the prediction; by default its member
                ``prediction`` or ``predictions``, or the JSON itself.
            options: ``version``, ``endpoint``, ``tags``, ``sample``, ``drop`` and ``hash``, as
                ``log_predictions`` takes them.

        """
        self._app: Application = app
        self._endpoint = _Endpoint(model, path, features, prediction, options)


class PredictionMiddleware(_Middleware[App]):
    """ASGI middleware (FastAPI, Starlette) that captures the JSON of a path after it was answered."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; of the path that predicts, keep what was said."""
        if scope["type"] != "http" or scope["path"] != self._endpoint.path:
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(self._endpoint)

        async def hear() -> MutableMapping[str, Any]:
            message = await receive()
            if message["type"] == "http.request":
                exchange.hear(message.get("body", b""))
            return message

        async def tell(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
            elif message["type"] == "http.response.body":
                exchange.tell(message.get("body", b""))
            await send(message)

        await self._app(scope, hear, tell)
        exchange.end()


class PredictionWSGIMiddleware(_Middleware[WSGIApp]):
    """WSGI middleware (Flask, Django, Bottle) that captures the JSON of a path after it was answered.

    For Flask: ``app.wsgi_app = PredictionWSGIMiddleware(app.wsgi_app, model="churn")``.
    """

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Serve a request; of the path that predicts, keep what was said."""
        if environ.get("PATH_INFO") != self._endpoint.path:
            return self._app(environ, start_response)
        exchange = _Exchange(self._endpoint)

        def start(status: str, headers: Any, *more: Any) -> Callable[[bytes], Any]:  # noqa: ANN401 - WSGI
            exchange.status = int(status[:3])
            write = start_response(status, headers, *more)
            return lambda piece: write(exchange.tell(piece))

        heard = environ | {"wsgi.input": _Heard(environ["wsgi.input"], exchange)}
        return _Told(self._app(heard, start), exchange)


class _Heard:
    """A request's body that is kept as the application reads it, by the methods that WSGI names alone."""

    def __init__(self, body: Any, exchange: _Exchange) -> None:  # noqa: ANN401 - a readable of any server
        self._body = body
        self._exchange = exchange

    def read(self, *size: int) -> bytes:
        return self._exchange.hear(self._body.read(*size))

    def readline(self, *size: int) -> bytes:
        return self._exchange.hear(self._body.readline(*size))

    def readlines(self, *hint: int) -> list[bytes]:
        return [self._exchange.hear(line) for line in self._body.readlines(*hint)]

    def __iter__(self) -> Iterator[bytes]:
        return (self._exchange.hear(line) for line in self._body)


class _Told:
    """An answer that is kept as the server sends it; servers close it when it was sent."""

    def __init__(self, pieces: Iterable[bytes], exchange: _Exchange) -> None:
        self._pieces = pieces
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        return map(self._exchange.tell, self._pieces)

    def close(self) -> None:
        try:
            close = getattr(self._pieces, "close", None)
            if close is not None:
                close()
        finally:
            self._exchange.end()


def _default_features(document: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(document, dict):
        return document.get("features", document.get("instances", document))
    return document


def _default_prediction(document: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(document, dict):
        return document.get("prediction", document.get("predictions", document))
    return document
