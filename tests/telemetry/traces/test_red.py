"""RED metrics from rollups and from spans."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from support.spans import MS, Sender, Sent
from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.telemetry.traces.filters import SpanFilter
from vedette.telemetry.traces.red import red_metrics, red_summary, simplified

if TYPE_CHECKING:
    from vedette.query import QueryRunner

MINUTE = 60_000


@pytest.fixture
def sent(sender: Sender) -> Sender:
    """Sends ten requests of 100 ms in minute 0, two errors of 200 ms in minute 3, one client."""
    spans = [Sent(f"g{n}", operation="GET", kind="Server", start=n, end=n + 100, trace=f"{n}")
             for n in range(10)]  # fmt: skip
    spans += [
        Sent(
            f"p{n}",
            operation="POST",
            kind="Server",
            start=3 * MINUTE + n,
            end=3 * MINUTE + n + 200,
            status="Error",
            trace=f"p{n}",
            attributes={"user": "eve"},
        )
        for n in range(2)
    ]
    spans.append(Sent("sql", service="other", kind="Client", start=0, end=5))
    sender.send(spans)
    return sender


def five_minutes(sender: Sender) -> TimeRange:
    return TimeRange(sender.base - timedelta(minutes=1), sender.base + timedelta(minutes=4))


def test_series_are_aligned_and_zero_filled(runner: QueryRunner, sent: Sender) -> None:
    answer = red_metrics(runner, sent.account, five_minutes(sent), points=5)
    assert (answer.step, answer.source, answer.truncated) == (60, "rollup", False)
    first = int(sent.base.timestamp()) - 60
    assert answer.times == [first + 60 * n for n in range(5)]
    shop, other = answer.series
    assert (shop.service, shop.operation) == ("shop", "")
    assert shop.counts == [0, 10, 0, 0, 2]
    assert shop.errors == [0, 0, 0, 0, 2]
    assert shop.rates == pytest.approx([0, 10 / 60, 0, 0, 2 / 60])
    assert shop.quantiles_ns["p50_ns"][0] is None
    assert shop.quantiles_ns["p50_ns"][1] == pytest.approx(100 * MS)
    assert shop.quantiles_ns["p99_ns"][4] == pytest.approx(200 * MS)
    assert (other.service, other.counts) == ("other", [0, 1, 0, 0, 0])


@pytest.mark.parametrize("group_by", ["", "service", "operation"])
@pytest.mark.parametrize(
    ("simple", "raw"),
    [
        (SpanFilter(), SpanFilter(min_duration_ns=0)),
        (
            SpanFilter(service="shop", kinds=("Server",)),
            SpanFilter(service="shop", kinds=("Server",), min_duration_ns=0),
        ),
        (SpanFilter(operation="POST"), SpanFilter("user:eve")),
    ],
)
def test_rollup_and_spans_agree(
    runner: QueryRunner, sent: Sender, group_by: str, simple: SpanFilter, raw: SpanFilter
) -> None:
    window = five_minutes(sent)
    quick = red_metrics(runner, sent.account, window, simple, group_by=group_by, points=5)
    exact = red_metrics(runner, sent.account, window, raw, group_by=group_by, points=5)
    assert (quick.source, exact.source) == ("rollup", "spans")
    assert quick.times == exact.times
    assert quick.series
    assert [s.counts for s in quick.series] == [s.counts for s in exact.series]
    assert [s.errors for s in quick.series] == [s.errors for s in exact.series]
    assert [(s.service, s.operation) for s in quick.series] == [
        (s.service, s.operation) for s in exact.series
    ]


def test_a_range_within_a_minute_is_widened(runner: QueryRunner, sent: Sender) -> None:
    inside = TimeRange(sent.base + timedelta(seconds=20.5), sent.base + timedelta(seconds=30))
    answer = red_metrics(runner, sent.account, inside, SpanFilter(service="shop"), points=10)
    assert answer.times == [int(sent.base.timestamp())]
    assert answer.series[0].counts == [10]


def test_spans_allow_buckets_of_seconds(runner: QueryRunner, sent: Sender) -> None:
    window = TimeRange(sent.base, sent.base + timedelta(seconds=10))
    answer = red_metrics(
        runner, sent.account, window, SpanFilter(service="shop", min_duration_ns=1), points=10
    )
    assert answer.step == 1
    assert answer.series[0].counts == [10, *[0] * 9]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("service:shop", SpanFilter(service="shop")),
        ('service:shop name:"GET /a"', SpanFilter(service="shop", operation="GET /a")),
        ("kind:server", SpanFilter(kinds=("Server",))),
        ("service:shop OR service:other", None),
        ("-service:shop", None),
        ("service:sh*", None),
        ("service:shop timeout", None),
        ("user:eve", None),
        ("service:a service:b", None),
        ("", SpanFilter()),
    ],
)
def test_a_text_of_services_operations_and_kinds_is_simple(
    text: str, expected: SpanFilter | None
) -> None:
    assert simplified(SpanFilter(text)) == (expected or SpanFilter(text))


@pytest.mark.parametrize("spans", [SpanFilter(), SpanFilter(min_duration_ns=0)])
def test_the_summary_stands_beside_the_period_before(
    runner: QueryRunner, sent: Sender, spans: SpanFilter
) -> None:
    sent.send([Sent("old", operation="GET", kind="Server", start=-MINUTE, end=-MINUTE + 50)])
    window = TimeRange(sent.base, sent.base + timedelta(minutes=4))
    found = red_summary(runner, sent.account, window, spans).records()
    get, post, sql = found
    assert [row["operation"] for row in found] == ["GET", "POST", "sql"]
    assert (get["kind"], get["count"], get["errors"]) == ("Server", 10, 0)
    assert get["total_ns"] == 1000 * MS
    assert get["max_ns"] == 100 * MS
    assert get["quantiles"] == pytest.approx([100 * MS] * 4)
    assert (get["previous_count"], get["previous_total_ns"]) == (1, 50 * MS)
    assert get["previous_quantiles"] == pytest.approx([50 * MS] * 4)
    assert (post["count"], post["errors"], post["previous_count"]) == (2, 2, 0)
    assert (sql["service"], sql["kind"]) == ("other", "Client")


@pytest.mark.parametrize(
    ("options", "field"),
    [({"group_by": "host"}, "group_by"), ({"points": 0}, "points"), ({"points": 9999}, "points")],
)
def test_bad_options_name_their_field(
    runner: QueryRunner, sender: Sender, options: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        red_metrics(runner, sender.account, sender.range, **options)
    assert raised.value.field == field
