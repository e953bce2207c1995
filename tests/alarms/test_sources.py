"""Alarms on logs, traces and percentiles."""

from datetime import timedelta

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support.watch import above
from vedette.alarms.checks import check_evaluable
from vedette.alarms.definition import check_spec
from vedette.alarms.model import State
from vedette.core.errors import InvalidInputError, QuerySyntaxError
from vedette.ingest import Source

OK, ALARM, NONE = State.OK, State.ALARM, State.INSUFFICIENT_DATA


def send(watch, source, request):
    (receipt,) = watch.submit(source, watch.account, request.SerializeToString())
    assert not receipt.rejected


def nanos(watch, minute, second=0):
    moment = watch.now[0].replace(second=0) + timedelta(minutes=minute, seconds=second)
    return int(moment.timestamp()) * 10**9


def named(block, service):
    block.resource.attributes.add(key="service.name").value.string_value = service


def log_records(watch, *counts, service="shop", took=100):
    request = ExportLogsServiceRequest()
    block = request.resource_logs.add()
    named(block, service)
    records = block.scope_logs.add().log_records
    for minute, count in enumerate(counts):
        for n in range(count):
            record = records.add(severity_number=17, time_unix_nano=nanos(watch, minute, n % 60))
            record.body.string_value = "it failed"
            record.attributes.add(key="took").value.int_value = took * (n + 1)
    send(watch, Source.OTLP_LOGS, request)


def limit(threshold, **source):
    return {"source": source, "condition": {"threshold": {"threshold": threshold}}}


def test_log_records_are_counted_by_service_and_none_is_zero(watch):
    watch.put("errors", limit(3, type="logs", query="level:error", group_by=["service"]))
    watch.put("all", limit(3, type="logs", query="level:error"))
    log_records(watch, 5, 1)
    log_records(watch, 1, 5, service="cart")
    watch.tick()
    assert watch.series("errors") == {"shop": ALARM, "cart": OK}
    watch.tick()
    assert watch.series("errors") == {"shop": OK, "cart": ALARM}
    watch.tick()
    # A minute without errors is a minute with none: nothing is missing.
    assert watch.state("errors") is OK
    assert watch.state("all") is OK


def test_a_statistic_of_a_field_has_no_value_without_records(watch):
    spec = limit(250, type="logs", statistic="max", field="took")
    watch.put("slow", {**spec, "missing": "missing"})
    log_records(watch, 3)
    watch.tick()
    assert watch.state("slow") is ALARM
    watch.tick(5)
    assert watch.state("slow") is NONE


def test_traces_by_error_rate_and_duration(watch):
    watch.put("failing", limit(0.4, type="traces", query="kind:server", statistic="error_rate",
                               group_by=["service"]))  # fmt: skip
    watch.put("slow", limit(400, type="traces", statistic="p90"))
    request = ExportTraceServiceRequest()
    for service, failures in (("shop", 5), ("cart", 1)):
        block = request.resource_spans.add()
        named(block, service)
        spans = block.scope_spans.add().spans
        for n in range(10):
            start = nanos(watch, 0, n)
            span = spans.add(
                trace_id=(f"{service}{n}".encode() * 4)[:16], span_id=b"12345678", name="GET /",
                kind=2, start_time_unix_nano=start, end_time_unix_nano=start + (n + 1) * 50_000_000,
            )  # fmt: skip
            span.status.code = 2 if n < failures else 0
    send(watch, Source.OTLP_TRACES, request)
    watch.tick()
    assert watch.series("failing") == {"shop": ALARM, "cart": OK}
    assert watch.state("slow") is ALARM


def test_too_few_samples_keep_the_state_of_a_percentile(watch):
    def histogram(minute, count):
        request = ExportMetricsServiceRequest()
        block = request.resource_metrics.add()
        named(block, "shop")
        metric = block.scope_metrics.add().metrics.add(name="latency")
        metric.histogram.aggregation_temporality = 1
        point = metric.histogram.data_points.add(time_unix_nano=nanos(watch, minute, 30))
        point.explicit_bounds.extend([1.0, 10.0])
        point.bucket_counts.extend([0, count, 0])
        point.count, point.sum = count, 5.0 * count
        send(watch, Source.OTLP_METRICS, request)

    query = {"id": "m1", "metric": "latency", "statistic": "p90"}
    spec = limit(2, type="metric", queries=[query])
    watch.put("guarded", {**spec, "low_samples": "ignore"})
    watch.put("eager", spec)
    histogram(0, 50)  # p90 needs 10 / (1 - 0.9) = 100 samples
    watch.tick()
    assert (watch.state("guarded"), watch.state("eager")) == (NONE, ALARM)
    histogram(0, 100)
    watch.tick()
    assert watch.state("guarded") is ALARM
    (reason,) = [one["reason"] for one in watch.history("guarded", "series")]
    assert reason == "1 of 1 periods breach"


def test_ratios_by_service_join_two_groups(watch):
    queries = [
        {"id": "bad", "metric": "bad", "statistic": "Sum", "group_by": ["kind"]},
        {"id": "all", "metric": "all", "statistic": "Sum", "group_by": ["kind"]},
        {"id": "share", "expression": "bad / all"},
    ]
    watch.put("ratio", limit(0.5, type="metric", queries=queries))
    watch.gauges(bad__kind__a=[9], all__kind__a=[10], bad__kind__b=[9], all__kind__b=[100])
    watch.tick()
    assert watch.series("ratio") == {"a": ALARM, "b": OK}


def test_a_long_period_slides_every_minute(watch):
    watch.put("sum", {**above("temp", 100), "period": 300, "missing": "notBreaching"})
    spec = watch.service.get(watch.account, "sum").alarm.spec.model_dump(by_alias=True)
    spec["source"]["queries"][0]["statistic"] = "Sum"
    watch.put("sum", spec)
    watch.gauges(temp=[30] * 4 + [0] * 6)
    states = []
    for _ in range(10):
        watch.tick()
        states.append(watch.state("sum"))
    # Four minutes of 30 are more than 100 in every window of five that holds them all.
    assert states == [OK, OK, OK, ALARM, ALARM, OK, OK, OK, OK, OK]


def test_alarms_that_there_is_no_time_for_say_so(watch, monkeypatch):
    from vedette.alarms.sources import read

    monkeypatch.setattr(read, "_SHARE_OF_INTERVAL", -1.0)
    watch.put("logs", limit(3, type="logs"))
    watch.put("metric", above("temp"))
    watch.gauges(temp=[99])
    watch.tick()
    assert "no time left" in watch.service.get(watch.account, "logs").status.evaluation_reason
    assert watch.state("metric") is ALARM


def test_a_query_of_the_pipe_language_gives_series_by_its_texts(watch):
    query = "filter level = 'error' | stats max(took) as slowest, count(*) as errors by service, bin($period)"
    watch.put("slow", limit(250, type="pipe", query=query, value="slowest"))
    watch.put("many", {**limit(2, type="pipe", query=query), "periods": 2, "to_alarm": 1})
    log_records(watch, 3, 1)
    log_records(watch, 1, 1, service="cart")
    watch.tick()
    assert watch.series("slow") == {"shop": ALARM, "cart": OK}
    assert watch.series("many") == {"shop": ALARM, "cart": OK}
    watch.tick()
    assert watch.series("slow") == {"shop": OK, "cart": OK}
    assert watch.state("many") is ALARM


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("stats count(*) as n by bin(5m)", "bins must be the alarm's periods"),
        ("stats count(*) as n by service", "2 periods need bins"),
        ("fields message | filter message like 'x'", "gives no number"),
        ("stats nonsense(", "expected"),
    ],
)
def test_a_pipe_query_that_gives_no_periods_is_refused(query, message):
    spec = {**limit(1, type="pipe", query=query), "periods": 2}
    with pytest.raises((InvalidInputError, QuerySyntaxError), match=message):
        check_evaluable(check_spec(spec))
