from __future__ import annotations

import logging
from pathlib import Path

import pytest

from vedette.core.errors import InvalidInputError
from vedette.sdk.config import DEFAULT_ENDPOINT, resolve

SECRET = "vdt-secret-0123456789"


def test_defaults():
    config = resolve({}, {"HOME": "/nowhere"})
    assert config.endpoint == DEFAULT_ENDPOINT
    assert config.url("traces") == "http://127.0.0.1:8230/v1/traces"
    assert config.traces
    assert config.metrics
    assert config.logs
    assert config.host_metrics
    assert config.headers == {}
    assert config.metric_interval == 15.0
    assert config.spool_bytes == 256 * 1024 * 1024
    assert config.span_limits.max_queue_size == 2048
    assert config.span_limits.schedule_delay == 5.0
    assert config.log_limits.schedule_delay == 1.0
    assert not config.disabled


def test_argument_over_vedette_over_otel_over_default():
    otel = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel:4318/"}
    ours = {"VEDETTE_ENDPOINT": "http://ours:1"}
    assert resolve({}, otel).endpoint == "http://otel:4318"
    assert resolve({}, otel | ours).endpoint == "http://ours:1"
    assert resolve({"endpoint": "http://given:2"}, otel | ours).endpoint == "http://given:2"
    assert resolve({}, {"OTEL_METRIC_EXPORT_INTERVAL": "2500"}).metric_interval == 2.5
    both = {"OTEL_METRIC_EXPORT_INTERVAL": "2500", "VEDETTE_METRIC_INTERVAL": "1m30s"}
    assert resolve({}, both).metric_interval == 90.0
    assert resolve({"metric_interval": 7}, both).metric_interval == 7.0


def test_key_and_headers():
    config = resolve({"api_key": SECRET, "headers": {"X-Team": "a"}}, {})
    assert config.headers == {"x-team": "a", "authorization": f"Bearer {SECRET}"}
    environ = {"VEDETTE_API_KEY": "from-environment"}
    assert resolve({}, environ).headers["authorization"] == "Bearer from-environment"
    assert resolve({"api_key": SECRET}, environ).headers["authorization"].endswith(SECRET)
    otel = {"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20abc,X-B=2"}
    assert resolve({}, otel).headers == {"authorization": "Bearer abc", "x-b": "2"}


def test_headers_of_another_endpoint_are_not_sent_to_ours():
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://vendor.example",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20vendors",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://vendor.example/special",
    }
    assert resolve({}, environ).url("traces") == "https://vendor.example/special"
    ours = resolve({"endpoint": "http://ours:1"}, environ)
    assert ours.headers == {}
    assert ours.url("traces") == "http://ours:1/v1/traces"


def test_signals_can_be_turned_off():
    config = resolve({"logs": False}, {"VEDETTE_TRACES": "off", "OTEL_METRICS_EXPORTER": "none"})
    assert (config.traces, config.metrics, config.logs) == (False, False, False)
    assert resolve({"metrics": True}, {"OTEL_METRICS_EXPORTER": "none"}).metrics
    assert resolve({}, {"OTEL_SDK_DISABLED": "true"}).disabled
    assert resolve({}, {"VEDETTE_DISABLED": "1"}).disabled


def test_resource_and_tags_merge_by_name():
    environ = {"VEDETTE_TAGS": "team=data,tier=gold", "VEDETTE_RESOURCE_ATTRIBUTES": "a=1,b=x%2Cy"}
    config = resolve({"tags": {"tier": "silver"}, "resource": {"a": 2, "c": True}}, environ)
    assert config.resource == {
        "a": 2,
        "b": "x,y",
        "c": True,
        "vedette.tag.team": "data",
        "vedette.tag.tier": "silver",
    }


def test_batch_processor_variables():
    config = resolve(
        {},
        {
            "OTEL_BSP_MAX_QUEUE_SIZE": "100",
            "OTEL_BSP_SCHEDULE_DELAY": "250",
            "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "7",
            "OTEL_BLRP_MAX_QUEUE_SIZE": "-1",
        },
    )
    spans, logs = config.span_limits, config.log_limits
    assert (spans.max_queue_size, spans.max_export_batch_size) == (100, 100)
    assert spans.schedule_delay == 0.25
    assert (logs.max_queue_size, logs.max_export_batch_size) == (2048, 7)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("endpoint", "no url"),
        ("endpoint", "ftp://x"),
        ("endpoint", "http://h:99999"),
        ("endpoint", "http://h/?q=1"),
        ("endpoint", 5),
        ("api_key", ""),
        ("api_key", "two words"),
        ("api_key", "line\nbreak"),
        ("service_name", "  "),
        ("service_name", 7),
        ("headers", {"a": "b\r\nc: d"}),
        ("headers", "nonsense"),
        ("headers", 3),
        ("resource", {"a": object()}),
        ("resource", {"": 1}),
        ("tags", {"a": 1}),
        ("traces", "perhaps"),
        ("log_level", "LOUD"),
        ("log_level", True),
        ("metric_interval", 0),
        ("metric_interval", "soon"),
        ("metric_interval", float("nan")),
        ("metric_interval", float("inf")),
        ("spool_bytes", -1),
        ("spool_bytes", 1.5),
        ("spool_dir", 3),
        ("compression", "brotli"),
        ("timeout", -1),
        ("timeout", []),
    ],
)
def test_a_wrong_argument_raises_and_names_itself(name, value):
    with pytest.raises(InvalidInputError) as caught:
        resolve({name: value}, {})
    assert caught.value.field == name
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("VEDETTE_ENDPOINT", "no url"),
        ("VEDETTE_TRACES", "perhaps"),
        ("VEDETTE_METRIC_INTERVAL", "soon"),
        ("VEDETTE_SPOOL_BYTES", "many"),
        ("VEDETTE_TAGS", "no-equals-sign"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "lots"),
        ("OTEL_EXPORTER_OTLP_HEADERS", f"authorization {SECRET}"),
        ("VEDETTE_API_KEY", f"two words {SECRET}"),
    ],
)
def test_a_wrong_variable_warns_without_its_value(variable, value, caplog):
    config = resolve({}, {variable: value})
    assert config.endpoint == DEFAULT_ENDPOINT
    assert config.traces
    assert variable in caplog.text
    assert SECRET not in caplog.text
    assert value not in caplog.text


def test_errors_do_not_quote_a_key_in_the_wrong_place():
    with pytest.raises(InvalidInputError) as caught:
        resolve({"endpoint": SECRET}, {})
    assert SECRET not in str(caught.value)
    assert SECRET not in str(caught.value.as_dict())
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_each_endpoint_and_key_has_its_own_spool(tmp_path):
    def spool(**arguments):
        return resolve({"spool_dir": tmp_path} | arguments, {}).spool_dir

    first = spool(endpoint="http://a:1", api_key=SECRET)
    assert first == spool(endpoint="http://a:1", api_key=SECRET)
    others = {spool(endpoint="http://a:1"), spool(endpoint="http://b:1", api_key=SECRET)}
    assert len({first, *others}) == 3
    assert first.parent == tmp_path
    assert spool(spool_bytes=0) is None


def test_the_default_spool_is_under_the_state_folder():
    config = resolve({}, {"XDG_STATE_HOME": "/var/state"})
    assert config.spool_dir.parent == Path("/var/state/vedette/spool")


def test_log_level():
    assert resolve({"log_level": "warning"}, {}).log_level == logging.WARNING
    assert resolve({"log_level": 25}, {}).log_level == 25
    assert resolve({}, {"VEDETTE_LOG_LEVEL": "error"}).log_level == logging.ERROR
