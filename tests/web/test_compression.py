"""Which answers are packed."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from vedette.web.compression import PackedAnswers

TEXT = "a" * 10_000


def _answer(_: object) -> PlainTextResponse:
    return PlainTextResponse(TEXT)


def _events(_: object) -> StreamingResponse:
    return StreamingResponse(iter([TEXT]), media_type="text/event-stream")


@pytest.fixture
def client() -> TestClient:
    routes = [
        Route("/api/v1/logs", _answer),
        Route("/api/v1/tail", _events),
        Route("/artifacts", _answer),
    ]
    return TestClient(PackedAnswers(Starlette(routes=routes), "/api/v1/"))


@pytest.mark.parametrize(
    ("path", "accepted", "packed"),
    [
        ("/api/v1/logs", "gzip", True),
        ("/api/v1/logs", "identity", False),
        ("/api/v1/tail", "gzip", False),
        ("/artifacts", "gzip", False),
    ],
)
def test_what_is_packed(client: TestClient, path: str, accepted: str, *, packed: bool) -> None:
    answer = client.get(path, headers={"accept-encoding": accepted})
    assert answer.text == TEXT
    assert (answer.headers.get("content-encoding") == "gzip") is packed
