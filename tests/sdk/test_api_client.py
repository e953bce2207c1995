"""What the SDK's blocking calls make of a server's answers."""

from __future__ import annotations

import gzip
from types import SimpleNamespace

import httpx
import pytest

from vedette.core.errors import InvalidInputError, UnavailableError
from vedette.sdk import api_client
from vedette.sdk.api_client import ApiClient, connected, parts, raise_rejected
from vedette.sdk.config import resolve
from vedette.sdk.references import log_reference


@pytest.fixture
def waited(monkeypatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(api_client.time, "sleep", found.append)
    return found


def client_of(*answers: httpx.Response | Exception) -> tuple[ApiClient, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        given = answers[len(asked) - 1]
        if isinstance(given, Exception):
            raise given
        return given

    http = httpx.Client(base_url="http://vedette/api/v1", transport=httpx.MockTransport(answer))
    return ApiClient(http), asked


def test_calls_go_where_init_was_told_to_send(monkeypatch):
    told = resolve({"endpoint": "http://told:1", "api_key": "k"})
    monkeypatch.setattr(api_client, "current", lambda: SimpleNamespace(config=told))
    with connected(None, None) as client:
        assert str(client._http.base_url) == "http://told:1/api/v1/"
    with connected("http://other:2", None) as client:
        assert str(client._http.base_url) == "http://other:2/api/v1/"


def test_a_busy_server_gets_the_same_batch_again(waited):
    client, asked = client_of(
        httpx.ConnectError("down"), httpx.Response(503), httpx.Response(200, json={"rejected": 0})
    )
    assert client.post("/labels", b"{}", field="path", batch="b1") == {"rejected": 0}
    assert [(one.url.path, one.headers["vedette-batch-id"]) for one in asked] == [
        ("/api/v1/labels", "b1")
    ] * 3
    assert [one.headers["vedette-attempt"] for one in asked] == ["1", "2", "3"]
    assert all(gzip.decompress(one.content) == b"{}" for one in asked)
    assert waited == [1, 2]


def test_what_is_refused_is_not_sent_again(waited):
    client, asked = client_of(httpx.Response(422, text="no such column"))
    with pytest.raises(InvalidInputError, match="HTTP 422: no such column") as raised:
        client.post("/labels", b"{}", field="path", packed=False)
    assert (raised.value.field, asked[0].content, waited) == ("path", b"{}", [])
    assert "content-encoding" not in asked[0].headers


def test_a_server_that_stays_away_is_told(waited):
    client, asked = client_of(*[httpx.ConnectError("down")] * 4)
    with pytest.raises(UnavailableError, match="does not answer: ConnectError"):
        client.post("/labels", b"{}", field="path", batch="b1", resent=True)
    assert [one.headers["vedette-attempt"] for one in asked] == ["2", "3", "4", "5"]
    assert waited == [1, 2, 4]


def test_a_server_that_hangs_holds_no_job_up_for_long(waited, monkeypatch):
    monkeypatch.setattr(api_client, "_away_until", {})
    hanging, asked = client_of(*[httpx.ReadTimeout("no answer")] * 4, httpx.Response(200, json={}))
    assert hanging.offer("/x", b"{}", field="dataset") is None
    assert len(asked) == 4
    assert all(one.extensions["timeout"]["read"] <= api_client.OFFER_SECONDS for one in asked)
    assert hanging.offer("/x", b"{}", field="dataset") is None
    assert len(asked) == 4, "a minute passes before it is asked again"
    monkeypatch.setattr(api_client, "_away_until", {"http://vedette/api/v1/": 0.0})
    assert hanging.offer("/x", b"{}", field="dataset") == {}


def test_a_reference_ends_no_training_where_the_server_is_away(waited, monkeypatch):
    monkeypatch.setattr(api_client, "_away_until", {})
    away = "http://127.0.0.1:1"
    assert log_reference("m", 1, [1], [{"a": 1}], endpoint=away, api_key="k") == 0
    with pytest.raises(InvalidInputError, match="labels"):
        log_reference("m", 1, [1], [{"a": 1}], [1, 2], endpoint=away, api_key="k")


def test_attempts_end_when_their_time_is_over(waited):
    client, asked = client_of(*[httpx.ConnectError("down")] * 4)
    with pytest.raises(UnavailableError):
        client.post("/x", b"", field="path", within=1.5)
    assert (len(asked), waited) == (2, [1]), "the next pause would be longer than what is left"


def test_parts_are_bounded_by_size_and_number(monkeypatch):
    monkeypatch.setattr(api_client, "REQUEST_BYTES", 4)
    assert list(parts(["aa", "bb", "c", "dddddd"], len)) == [["aa", "bb"], ["c"], ["dddddd"]]
    assert list(parts("abc", len, most=2)) == [["a", "b"], ["c"]]
    assert list(parts([], len)) == []


def test_lines_that_were_left_out_are_told():
    raise_rejected({"rejected": 0, "errors": []}, "rows", field="features")
    with pytest.raises(InvalidInputError, match="rows were rejected: 2 x no id"):
        raise_rejected({"errors": [{"count": 2, "reason": "no id"}]}, "rows", field="features")
