"""Predictions and labels as log events of OTLP, sent by the real OpenTelemetry SDK."""

from __future__ import annotations

import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider

OTLP_TYPE = "application/x-protobuf"


@pytest.fixture
def send(client, headers):
    def sent(*events, **more):
        exporter = InMemoryLogRecordExporter()
        provider = LoggerProvider()
        provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
        logger = provider.get_logger("churn-api")
        with TracerProvider().get_tracer("t").start_as_current_span("predict") as span:
            for name, body, attributes in events:
                logger.emit(LogRecord(
                    event_name=name, body=body, attributes=attributes,
                    severity_number=SeverityNumber.INFO,
                ))  # fmt: skip
        content = encode_logs(exporter.get_finished_logs()).SerializeToString()
        answer = client.post(
            "/v1/logs", content=content, headers={**headers, "content-type": OTLP_TYPE, **more}
        )
        assert answer.status_code == 200, answer.text
        return f"{span.get_span_context().trace_id:032x}"

    return sent


@pytest.fixture
def rows(runner, account):
    return lambda sql: runner.run(account, sql).records()


def test_a_body_is_the_object_of_the_json_api(send, rows):
    body = {
        "model": "churn", "version": 3, "id": "p1", "prediction": "leave",
        "features": {"age": 34, "plan": "a", "gone": None, "text": "12"},
        "scores": {"leave": 0.75, "stay": 0.25}, "attributions": {"age": 0.2},
    }  # fmt: skip
    trace_id = send(
        ("vedette.prediction", body, None),
        ("vedette.label", {"model": "churn", "id": "p1", "label": "stay"}, None),
        ("other", {"model": "churn", "prediction": 1}, None),
    )
    (row,) = rows("SELECT * FROM @predictions")
    assert (row["Model"], row["Version"], row["PredictionId"], row["Label"]) == (
        "churn", "3", "p1", "leave",
    )  # fmt: skip
    assert (row["NumericFeatures"], row["TextFeatures"]) == (
        {"age": 34},
        {"plan": "a", "text": "12"},
    )
    assert row["MissingFeatures"] == ["gone"]
    assert (row["Scores"], row["Attributions"]) == ({"leave": 0.75, "stay": 0.25}, {"age": 0.2})
    assert row["TraceId"] == trace_id
    (label,) = rows("SELECT Model, PredictionId, Label FROM @prediction_labels")
    assert list(label.values()) == ["churn", "p1", "stay"]
    assert rows("SELECT count() AS n FROM @otel_logs") == [{"n": 3}]


def test_attributes_do_where_a_body_cannot_be_an_object(send, rows):
    attributes = {
        "vedette.model.name": "price", "vedette.model.version": "7", "vedette.prediction.id": "a",
        "vedette.prediction.value": 12.5, "vedette.prediction.latency_ms": 3,
        "vedette.feature.area": 50, "vedette.feature.city": 'Ülm "x"', "vedette.tag.region": "eu",
    }  # fmt: skip
    send(
        ("vedette.prediction", "priced", attributes),
        ("vedette.label", None, {"vedette.model.name": "price", "vedette.prediction.id": "a",
                                 "vedette.label.value": 13}),
    )  # fmt: skip
    (row,) = rows("SELECT * FROM @predictions")
    assert (row["Model"], row["Version"], row["Value"], row["LatencyMs"]) == ("price", "7", 12.5, 3)
    assert (row["NumericFeatures"], row["TextFeatures"]) == ({"area": 50}, {"city": 'Ülm "x"'})
    assert row["Tags"] == {"region": "eu"}
    assert rows("SELECT Value FROM @prediction_labels") == [{"Value": 13}]


def test_what_is_wrong_is_rejected_and_a_batch_again_is_stored_once(send, rows):
    again = {"vedette-batch-id": "00000000000000cd"}
    events = [
        ("vedette.prediction", {"model": "m", "prediction": 1}, None),
        ("vedette.prediction", {"prediction": 1}, None),
    ]
    send(*events, **again, **{"vedette-attempt": "1"})
    send(*events, **again, **{"vedette-attempt": "2"})
    assert rows("SELECT count() AS n FROM @predictions") == [{"n": 1}]
    told = rows("SELECT Reason, Count FROM @rejected WHERE Signal = 'predictions'")
    assert told == [{"Reason": "model is missing or no text", "Count": 1}]
    assert rows("SELECT count() AS n FROM @otel_logs") == [{"n": 2}]


def test_nan_is_a_missing_value_and_no_class(send, rows):
    """As null in JSON, which has neither NaN nor infinities."""
    nan, inf = float("nan"), float("inf")
    model = {"vedette.model.name": "price", "vedette.model.version": "7"}
    told = {
        **model, "vedette.prediction.value": nan, "vedette.score.a": 0.5,
        "vedette.feature.age": nan, "vedette.feature.far": -inf, "vedette.feature.area": 50.5,
        "vedette.feature.plan": "NaN",
    }  # fmt: skip
    send(
        ("vedette.prediction", None, {**told, "vedette.prediction.id": "a"}),
        ("vedette.prediction", None, {**model, "vedette.prediction.value": inf}),
        ("vedette.label", None, {**model, "vedette.prediction.id": "a", "vedette.label.value": nan}),
        ("vedette.label", None, {**model, "vedette.prediction.id": "b", "vedette.label.value": 1.5}),
    )  # fmt: skip
    (row,) = rows("SELECT * FROM @predictions")
    assert (row["Value"], row["Label"], row["Scores"]) == (None, "", {"a": 0.5})
    assert (row["NumericFeatures"], row["TextFeatures"]) == ({"area": 50.5}, {"plan": "NaN"})
    assert sorted(row["MissingFeatures"]) == ["age", "far"]
    assert rows("SELECT PredictionId, Value FROM @prediction_labels") == [
        {"PredictionId": "b", "Value": 1.5}
    ]
    rejected = rows("SELECT Reason, Count FROM @rejected ORDER BY Reason")
    assert rejected == [
        {"Reason": "label is missing", "Count": 1},
        {"Reason": "prediction is missing", "Count": 1},
    ]


def test_nan_in_a_body_is_a_missing_value(send, rows):
    body = {
        "model": "churn", "id": "p1", "prediction": 0.5, "weight": 2,
        "features": {"age": float("nan"), "plan": "a", "many": [float("inf"), 1.5]},
    }  # fmt: skip
    send(
        ("vedette.prediction", body, None),
        ("vedette.label", {"model": "churn", "id": "p1", "label": float("nan")}, None),
    )
    (row,) = rows("SELECT * FROM @predictions")
    assert (row["Model"], row["Value"], row["MissingFeatures"]) == ("churn", 0.5, ["age"])
    assert rows("SELECT count() AS n FROM @prediction_labels") == [{"n": 0}]
    assert rows("SELECT Reason, Count FROM @rejected") == [
        {"Reason": "label is missing", "Count": 1}
    ]
