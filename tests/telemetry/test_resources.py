"""Services and hosts that sent telemetry."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from support.spans import Sender, Sent, pairs
from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.ingest import Source
from vedette.telemetry.resources import hosts, service_resources, services

if TYPE_CHECKING:
    from collections.abc import Callable

    from vedette.query import QueryRunner


@pytest.fixture
def sent(request: pytest.FixtureRequest, submit: Callable[..., list[object]]) -> Sender:
    digest = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]
    sender = Sender(f"resources-{digest}", submit)
    about = {"service.version": "1.2", "telemetry.sdk.language": "python"}
    sender.send(
        [
            Sent("a", resource={"host.name": "h1", **about}),
            Sent("b", resource={"host.name": "h2", **about}),
            Sent(
                "c", service="pay", resource={"host.name": "h1", "deployment.environment": "prod"}
            ),
        ]
    )
    logs = ExportLogsServiceRequest()
    group = logs.resource_logs.add()
    group.resource.attributes.extend(pairs({"service.name": "shop", "host.name": "h3"}))
    group.scope_logs.add().log_records.add(time_unix_nano=sender.base_ns).body.string_value = "x"
    submit(Source.OTLP_LOGS, sender.account, logs.SerializeToString())
    return sender


def test_services(runner: QueryRunner, sent: Sender) -> None:
    pay, shop = services(runner, sent.account, sent.range).records()
    assert (pay["service"], pay["signals"], pay["environment"]) == ("pay", ["traces"], "prod")
    assert (shop["service"], shop["signals"]) == ("shop", ["logs", "traces"])
    assert (shop["spans"], shop["log_records"], shop["metric_points"]) == (2, 1, 0)
    assert shop["hosts"] == 3
    assert pay["last_seen"] == sent.base.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_services_of_one_signal(runner: QueryRunner, sent: Sender) -> None:
    (shop,) = services(runner, sent.account, sent.range, signal="logs").records()
    assert (shop["service"], shop["log_records"], shop["spans"]) == ("shop", 1, 0)


def test_hosts(runner: QueryRunner, sent: Sender) -> None:
    found = hosts(runner, sent.account, sent.range).records()
    assert [(row["host"], row["services"]) for row in found] == [
        ("h1", ["pay", "shop"]),
        ("h2", ["shop"]),
        ("h3", ["shop"]),
    ]


def test_what_a_service_says_of_itself(runner: QueryRunner, sent: Sender) -> None:
    found = service_resources(runner, sent.account, sent.range, "shop", signal="traces").records()
    assert sorted(row["attributes"]["host.name"] for row in found) == ["h1", "h2"]
    assert {row["attributes"]["service.version"] for row in found} == {"1.2"}


def test_only_what_was_seen_in_the_range(runner: QueryRunner, sent: Sender) -> None:
    later = TimeRange(sent.range.end, sent.range.end.replace(year=sent.range.end.year + 1))
    assert services(runner, sent.account, later).rows == 0
    assert services(runner, "someone-else", sent.range).rows == 0


@pytest.mark.parametrize(
    ("options", "field"), [({"signal": "spans"}, "signal"), ({"limit": 0}, "limit")]
)
def test_bad_options_name_their_field(
    runner: QueryRunner, sent: Sender, options: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        hosts(runner, sent.account, sent.range, **options)
    assert raised.value.field == field
