import json
import math
import time

import pytest

from vedette.core.errors import InvalidInputError
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
