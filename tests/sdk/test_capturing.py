import asyncio
import dataclasses
import io
import json
import math
import time

import pytest

import vedette
from vedette.core.errors import InvalidInputError
from vedette.sdk import client
from vedette.sdk.predictions import Capture, Recorder, prediction_records


class Sender:
    coding = "none"

    def __init__(self):
        self.batches = []

    def submit(self, batch):
        self.batches.append(batch)


def records(capture, features, predictions, ids, **more):
    return list(prediction_records(capture, features, predictions, ids, **more))


def test_records_hold_what_json_can_say(monkeypatch):
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame({"a": [1.5, math.nan], "b": ["x", None], "secret": [1, 2]})
    capture = Capture("m", "3", drop=frozenset({"secret"}))
    first, second = records(capture, frame, np.array([1, 0]), ["i", "j"])
    assert first["features"] == {"a": 1.5, "b": "x"}
    assert second["features"]["a"] is None
    assert (first["prediction"], first["id"], first["weight"]) == (1, "i", 1.0)


def test_hashed_columns_need_a_key_and_join(monkeypatch):
    monkeypatch.delenv("VEDETTE_HASH_SALT", raising=False)
    with pytest.raises(InvalidInputError, match="need a key"):
        Capture("m", hash=frozenset({"email"}))
    monkeypatch.setenv("VEDETTE_HASH_SALT", "s")
    capture = Capture("m", hash=frozenset({"email"}))
    one, two = records(capture, [{"email": "a@b"}, {"email": "a@b"}], [1, 1], ["1", "2"])
    assert one["features"]["email"] == two["features"]["email"]
    assert "a@b" not in json.dumps([one, two])


def test_a_sample_weighs_what_it_leaves_out():
    capture = Capture("m", sample=0.25)
    ids = [str(number) for number in range(4000)]
    kept = records(capture, None, [1] * 4000, ids)
    assert 850 < len(kept) < 1150
    assert {record["weight"] for record in kept} == {4.0}
    assert [record["id"] for record in records(capture, None, [1] * 4000, ids)] == [
        record["id"] for record in kept
    ]


def test_what_fails_in_an_entry_costs_only_that_entry():
    sender = Sender()
    recorder = Recorder(sender, lambda lost: None)
    recorder.put("predictions", lambda: 1 / 0)
    recorder.put("predictions", lambda: [{"model": "m", "prediction": 1}])
    recorder.close(time.monotonic() + 5)
    (batch,) = sender.batches
    assert (batch.signal, batch.items) == ("predictions", 1)
    assert json.loads(batch.body) == {"model": "m", "prediction": 1}


@pytest.fixture
def told(monkeypatch):
    """Return a function that returns what was captured until then, made as late as the queue may."""
    entries = []

    class Handle:
        def record(self, signal, entry):
            entries.append(entry)

    monkeypatch.setattr(client, "current", Handle)

    def read():
        found = [record for entry in entries for record in entry()]
        entries.clear()
        return found

    return read


def test_what_is_handed_over_may_change_afterwards(told):
    import numpy as np
    import pandas as pd

    row, rows, array = {"a": 1}, [{"a": 1}], np.array([[1.0]])
    frame, scores = pd.DataFrame({"a": [1]}), {"yes": 0.5}
    for features in (row, rows, array, frame):
        vedette.log_predictions("m", [1], features, scores=scores)
    row["a"], rows[0]["a"], array[0, 0], scores["yes"] = 2, 2, 2, 0.9
    frame["a"] = 2
    found = told()
    assert [list(record["features"].values()) for record in found] == [[1]] * 4
    assert [record["scores"] for record in found] == [{"yes": 0.5}] * 4


def test_features_and_ids_come_in_many_shapes(told):
    import numpy as np
    import pandas as pd

    @dataclasses.dataclass
    class Flat:
        area: int

    class Hostile:
        def copy(self):
            raise ValueError("no")

    vedette.log_predictions("m", 1, Flat(50))
    vedette.log_predictions("m", 1, [50, "a"])
    ids = vedette.log_predictions("m", np.array([0, 1]), ids=pd.Series([7, 8]))
    assert ids == ["7", "8"]
    assert len(vedette.log_predictions("m", 1, Hostile())) == 1, "capturing ends no service"
    features = [record.get("features") for record in told()]
    assert features == [{"area": 50}, {"f0": 50, "f1": "a"}, None, None]
    vedette.log_labels("m", np.array([7, 8]), [1, 0])
    assert [record["id"] for record in told()] == ids
    json.dumps(ids)


def test_coroutines_and_methods_are_captured(told):
    class Model:
        @vedette.capture("m", version=2)
        def predict(self, features):
            return features["a"] + 1

        @vedette.capture("m")
        async def later(self, features):
            await asyncio.sleep(0)
            return features["a"] + 2

    assert Model().predict({"a": 1}) == 2
    assert asyncio.run(Model().later(features={"a": 1})) == 3
    first, second = told()
    assert (first["prediction"], first["features"], first["version"]) == (2, {"a": 1}, "2")
    assert (second["prediction"], second["features"]) == (3, {"a": 1})
    assert first["latency_ms"] > 0


async def _asgi(scope, receive, send):
    body = (await receive())["body"]
    asked = json.loads(body)
    status = 200 if asked else 422
    await send({"type": "http.response.start", "status": status, "headers": []})
    said = json.dumps({"prediction": sum(asked.values()), "prediction_id": "i"}).encode()
    await send({"type": "http.response.body", "body": said[:5], "more_body": True})
    await send({"type": "http.response.body", "body": said[5:]})


def test_asgi_middleware_captures_after_the_answer(told):
    app = vedette.PredictionMiddleware(_asgi, model="m", version="3", drop=["secret"])
    sent = []

    async def ask(path, document):
        async def receive():
            return {"type": "http.request", "body": json.dumps(document).encode()}

        async def send(message):
            sent.append(message)
            assert told() == [], "nothing is captured before the answer is sent"

        await app({"type": "http", "path": path}, receive, send)

    asyncio.run(ask("/predict", {"a": 1, "secret": 2}))
    (record,) = told()
    assert (record["prediction"], record["id"], record["version"]) == (3, "i", "3")
    assert (record["features"], record["endpoint"]) == ({"a": 1}, "/predict")
    for path, document in (("/other", {"a": 1}), ("/predict", {})):
        asyncio.run(ask(path, document))
    assert told() == [], "another path, and a refusal"
    with pytest.raises(InvalidInputError, match="samples"):
        vedette.PredictionMiddleware(_asgi, model="m", samples=1)


def _wsgi(environ, start_response):
    asked = json.loads(b"".join(environ["wsgi.input"]))
    start_response("200 OK" if asked else "422 No", [("content-type", "application/json")])
    said = json.dumps({"predictions": [sum(asked.values())]}).encode()
    return iter([said[:4], said[4:]])


def test_wsgi_middleware_captures_once_the_answer_is_closed(told):
    app = vedette.PredictionWSGIMiddleware(_wsgi, model="m", hash=[], sample=1.0)

    def ask(path, document):
        body = io.BytesIO(json.dumps(document).encode())
        pieces = app({"PATH_INFO": path, "wsgi.input": body}, lambda *_: None)
        said = b"".join(pieces)
        assert told() == []
        getattr(pieces, "close", lambda: None)()
        return json.loads(said)

    assert ask("/predict", {"a": 1, "b": 2}) == {"predictions": [3]}
    (record,) = told()
    assert (record["prediction"], record["features"]) == (3, {"a": 1, "b": 2})
    ask("/other", {"a": 1})
    ask("/predict", {})
    assert told() == [], "another path, and a refusal"


def test_flask_is_captured(told):
    flask = pytest.importorskip("flask")
    app = flask.Flask("predicts")

    @app.post("/predict")
    def predict():
        return {"prediction": flask.request.get_json()["features"]["a"] * 2}

    app.wsgi_app = vedette.PredictionWSGIMiddleware(app.wsgi_app, model="m")
    with app.test_client() as asking:
        answer = asking.post("/predict", json={"features": {"a": 4}}, buffered=True)
        assert answer.get_json() == {"prediction": 8}
        assert asking.post("/predict", json={}).status_code == 500
    (record,) = told()
    assert (record["features"], record["prediction"]) == ({"a": 4}, 8)
