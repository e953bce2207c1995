"""SageMaker's data capture and ground truth, in the formats that its containers speak."""

import json
import os

import pytest

from vedette.core.errors import InvalidInputError
from vedette.sdk import sagemaker
from vedette.sdk.sagemaker import read_capture, read_ground_truth, send_files

CSV = ("CSV", "text/csv")
JSON = ("JSON", "application/json")
LINES = ("JSON", "application/jsonlines")


def captured(sent, answered, form=CSV):
    encoding, kind = form
    part = {"encoding": encoding, "observedContentType": kind}
    event = {
        "captureData": {
            "endpointInput": {**part, "mode": "INPUT", "data": sent},
            "endpointOutput": {**part, "mode": "OUTPUT", "data": answered},
        },
        "eventMetadata": {"eventId": "e1", "inferenceTime": "2026-01-01T00:00:00Z"},
        "eventVersion": "0",
    }
    return json.dumps(event)


def truth(value):
    return json.dumps(
        {
            "groundTruthData": {"data": value, "encoding": "CSV"},
            "eventMetadata": {"eventId": "e1"},
            "eventVersion": "0",
        }
    )


def test_sagemakers_capture_and_ground_truth():
    csv = {"observedContentType": "text/csv", "encoding": "CSV"}
    event = {
        "captureData": {
            "endpointInput": {**csv, "mode": "INPUT", "data": "132,25.5,x"},
            "endpointOutput": {**csv, "mode": "OUTPUT", "data": "0.0127"},
        },
        "eventMetadata": {"eventId": "e1", "inferenceTime": "2026-01-01T00:00:00Z"},
        "eventVersion": "0",
    }  # fmt: skip
    (read,) = read_capture([json.dumps(event), ""], "m", version="1", columns=["a", "b"])
    assert read["features"] == {"a": 132.0, "b": 25.5, "f2": "x"}
    assert (read["prediction"], read["id"]) == (0.0127, "e1")
    truth = {
        "groundTruthData": {"data": "1", "encoding": "CSV"},
        "eventMetadata": {"eventId": "e1"},
        "eventVersion": "0",
    }
    assert list(read_ground_truth([json.dumps(truth)], "m")) == [{"model": "m", "id": "e1", "label": 1.0}]  # fmt: skip
    with pytest.raises(InvalidInputError, match="line 1"):
        list(read_capture(["{}"], "m"))


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        (captured("1,2", "0.1,0.2,0.7"), [{"scores": {"0": 0.1, "1": 0.2, "2": 0.7}}]),
        (captured("1\n2\n3", "0.1,0.2,0.3"), [{"prediction": n} for n in (0.1, 0.2, 0.3)]),
        (captured("1\n2", "0.4,0.6\n1,0"), [{"scores": {"0": 0.4, "1": 0.6}},
                                            {"scores": {"0": 1.0, "1": 0.0}}]),
        (captured('{"instances": [{"features": [1, 2]}]}',
                  '{"predictions": [{"score": 0.75, "predicted_label": 1}]}', JSON),
         [{"prediction": 1, "scores": {"0": 0.25, "1": 0.75}}]),
        (captured('{"instances": [{"data": {"features": {"values": [1, 2]}}}]}',
                  '{"predictions": [{"score": 31.5}]}', JSON), [{"prediction": 31.5}]),
        (captured('{"features": [1]}\n{"features": [2]}',
                  '{"score": [0.5, 0.5], "predicted_label": 0}\n{"predicted_label": 1}', LINES),
         [{"prediction": 0, "scores": {"0": 0.5, "1": 0.5}}, {"prediction": 1}]),
    ],
)  # fmt: skip
def test_answers_of_the_built_in_algorithms(line, answers):
    read = list(read_capture([line], "m"))
    shown = ("prediction", "scores")
    assert [{name: one[name] for name in shown if name in one} for one in read] == answers
    assert all(set(one["features"]) <= {"f0", "f1"} and one["features"] for one in read)
    ids = ["e1"] if len(read) == 1 else [f"e1/{place}" for place in range(len(read))]
    assert [one["id"] for one in read] == ids


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (captured("1\n2\n3", "0.1\n0.2"), "3 rows of input have 2 answers"),
        (captured("1", "12,13"), "not the probabilities of classes"),
        (captured('{"a": 1}', '{"nothing": 1}', JSON), "an answer without predicted_label"),
        ("{}", "'eventMetadata' is missing"),
    ],
)
def test_what_would_be_lost_or_guessed_is_refused(line, reason):
    with pytest.raises(InvalidInputError, match=reason) as caught:
        list(read_capture([line], "m"))
    assert caught.value.field == "line 1"


def test_truth_of_many_rows_finds_each(tmp_path):
    assert [label["id"] for label in read_ground_truth([truth("1\n0")], "m")] == ["e1/0", "e1/1"]


def test_the_file_that_was_written_last_corrects_those_before(tmp_path, monkeypatch):
    sent = []
    monkeypatch.setattr(sagemaker, "_send", lambda _client, _kind, body: sent.append(body))
    file = tmp_path / "truth.jsonl"
    for written, value in ((1_700_000_000, "1"), (1_700_000_060, "0"), (1_700_000_120, "1")):
        file.write_text(truth(value))
        os.utime(file, (written, written))
        send_files(file, "m", endpoint="http://127.0.0.1:9", api_key="k")
    first, _, last = (json.loads(body) for body in sent)
    assert (first["label"], first["time"]) == (1.0, "2023-11-14T22:13:20+00:00")
    assert (last["label"], last["time"]) == (1.0, "2023-11-14T22:15:20+00:00")
