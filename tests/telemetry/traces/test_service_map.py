"""The service map against maps worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.spans import MS, Sender, Sent
from vedette.telemetry.traces.service_map import MapEdge, MapNode, ServiceMap, service_map

if TYPE_CHECKING:
    from vedette.query import QueryRunner


def of(runner: QueryRunner, sender: Sender, **options: int) -> ServiceMap:
    return service_map(runner, sender.account, sender.range, **options)


def edges(found: ServiceMap) -> dict[tuple[str, str], MapEdge]:
    return {(edge.source, edge.target): edge for edge in found.edges}


def nodes(found: ServiceMap) -> dict[str, MapNode]:
    return {node.id: node for node in found.nodes}


def call(trace: str, *, ms: float = 100, code: int = 200, server_code: int = 200) -> list[Sent]:
    """Front calls shop: the client's span is 20 ms longer than the server's."""
    return [
        Sent("in", service="front", kind="Server", end=ms + 50, trace=trace),
        Sent(
            "out",
            "in",
            service="front",
            kind="Client",
            start=5,
            end=5 + ms,
            trace=trace,
            attributes={"http.response.status_code": code, "server.address": "shop.internal"},
        ),
        Sent(
            "served",
            "out",
            service="shop",
            kind="Server",
            start=15,
            end=15 + ms - 20,
            trace=trace,
            attributes={"http.response.status_code": server_code},
        ),
    ]


def test_an_edge_has_the_callers_numbers_and_a_node_its_own(
    runner: QueryRunner, sender: Sender
) -> None:
    # The caller saw a gateway's 504; the server itself answered well.
    sender.send(call("a"), call("b", ms=200, code=504), call("c", code=429))
    sender.send(call("d", code=404, server_code=404))
    found = of(runner, sender)
    edge = edges(found)["service:front", "service:shop"]
    assert edge.type == "call"
    numbers = edge.statistics
    assert (numbers.count, numbers.ok) == (4, 1)
    assert (numbers.throttles, numbers.errors, numbers.faults) == (1, 1, 1)
    assert numbers.total_ns == 500 * MS
    assert numbers.quantile_ns(0.5) == pytest.approx(100 * MS, rel=0.03)
    assert numbers.quantile_ns(1) == pytest.approx(200 * MS, rel=0.03)
    assert sum(count for _, count in numbers.histogram()) == 4
    shop = nodes(found)["service:shop"]
    assert (shop.type, shop.basis) == ("service", "server")
    assert (shop.statistics.count, shop.statistics.faults, shop.statistics.errors) == (4, 0, 1)
    assert shop.statistics.total_ns == (3 * 80 + 180) * MS
    assert set(nodes(found)) == {"service:front", "service:shop"}
    assert (found.spans, found.sampled_every, found.truncated) == (12, 1, False)


def test_late_and_split_batches_pair(runner: QueryRunner, sender: Sender) -> None:
    first, client, server = call("a")
    sender.send([server], [first], [client])
    assert set(edges(of(runner, sender))) == {("service:front", "service:shop")}


def test_a_span_error_without_a_code_is_a_fault(runner: QueryRunner, sender: Sender) -> None:
    sender.send(
        [
            Sent("a", service="s", kind="Server", status="Error"),
            Sent(
                "b",
                service="s",
                kind="Server",
                status="Error",
                attributes={"http.status_code": 403},
            ),
            Sent(
                "c",
                service="s",
                kind="Server",
                status="Error",
                attributes={"rpc.grpc.status_code": 8},
            ),
            Sent(
                "d",
                service="s",
                kind="Server",
                status="Error",
                attributes={"rpc.grpc.status_code": 5},
            ),
            Sent("e", service="s", kind="Server", status="Ok"),
        ]
    )
    numbers = nodes(of(runner, sender))["service:s"].statistics
    assert (numbers.ok, numbers.throttles, numbers.errors, numbers.faults) == (1, 1, 2, 1)


@pytest.mark.parametrize(
    ("attributes", "node"),
    [
        (
            {
                "db.system.name": "postgresql",
                "server.address": "pg1",
                "server.port": 5432,
                "db.namespace": "shop",
            },
            "database:postgresql://pg1:5432/shop",
        ),
        (
            {"db.system": "mysql", "net.peer.name": "my", "db.name": "shop"},
            "database:mysql://my/shop",
        ),
        ({"db.system": "redis", "server.address": "cache"}, "database:redis://cache"),
        ({"db.system": "sqlite", "db.name": ":memory:"}, "database:sqlite:///:memory:"),
        ({"server.address": "api.example", "server.port": 443}, "external:api.example:443"),
        ({"net.peer.name": "old.example", "net.peer.port": 80}, "external:old.example:80"),
        ({"peer.service": "billing", "server.address": "10.0.0.1"}, "external:billing"),
        ({"http.url": "https://h.example:8443/a?b=c"}, "external:h.example:8443"),
        ({"url.full": "https://g.example/a"}, "external:g.example"),
        (
            {
                "messaging.system": "aws_sqs",
                "messaging.destination.name": "jobs",
                "messaging.operation.type": "send",
            },
            "messaging:aws_sqs jobs",
        ),
    ],
)
def test_what_does_not_report_itself_is_inferred(
    runner: QueryRunner, sender: Sender, attributes: dict[str, str | int], node: str
) -> None:
    sender.send([Sent("x", "lost", kind="Client", start=0, end=30, attributes=attributes)])
    found = of(runner, sender)
    inferred = nodes(found)[node]
    assert inferred.type == node.partition(":")[0]
    assert inferred.basis == "callers"
    assert inferred.statistics.total_ns == 30 * MS
    assert set(edges(found)) == {("service:shop", node)}
    assert found.unresolved_calls == 0


def test_a_call_that_does_not_say_whom_is_counted(runner: QueryRunner, sender: Sender) -> None:
    sender.send([Sent("x", "lost", kind="Client")])
    found = of(runner, sender)
    assert found.unresolved_calls == 1
    assert found.edges == ()


def test_a_lost_server_span_counts_where_others_to_its_address_went(
    runner: QueryRunner, sender: Sender
) -> None:
    *timed_out, _lost = call("b", code=504)
    sender.send(call("a"), timed_out)
    found = of(runner, sender)
    assert set(edges(found)) == {("service:front", "service:shop")}
    statistics = edges(found)["service:front", "service:shop"].statistics
    assert (statistics.count, statistics.faults) == (2, 1)


def test_messages_go_from_producer_to_topic_to_consumer_with_their_age(
    runner: QueryRunner, sender: Sender
) -> None:
    topic = {"messaging.system": "kafka", "messaging.destination.name": "orders"}
    other = {"messaging.system": "kafka", "messaging.destination.name": "returns"}
    sender.send(
        [
            Sent("send", service="shop", kind="Producer", start=0, end=10, attributes=topic),
            Sent(
                "work",
                "send",
                service="billing",
                kind="Consumer",
                start=110,
                end=150,
                attributes=topic,
            ),
            Sent("send2", service="shop", kind="Producer", start=5, end=10, attributes=other),
        ],
        # Another trace consumes both messages in one go, by links; its parent is not a producer.
        [
            Sent("poll", service="audit", trace="u"),
            Sent(
                "batch",
                "poll",
                service="audit",
                kind="Consumer",
                trace="u",
                start=310,
                end=330,
                attributes=topic,
                links=(("t", "send"), ("t", "send2")),
                status="Error",
            ),
        ],
    )
    found = of(runner, sender)
    assert set(edges(found)) == {
        ("service:shop", "messaging:kafka orders"),
        ("service:shop", "messaging:kafka returns"),
        ("messaging:kafka orders", "service:billing"),
        ("messaging:kafka orders", "service:audit"),
    }
    publish = edges(found)["service:shop", "messaging:kafka orders"]
    assert (publish.type, publish.statistics.count, publish.age) == ("publish", 1, None)
    work = edges(found)["messaging:kafka orders", "service:billing"]
    assert work.type == "consume"
    assert work.statistics.total_ns == 40 * MS
    assert work.age is not None
    assert (work.age.count, work.age.mean_ns) == (1, 100 * MS)
    batch = edges(found)["messaging:kafka orders", "service:audit"]
    assert (batch.statistics.count, batch.statistics.faults) == (1, 1)
    assert batch.age is not None
    assert (batch.age.count, batch.age.mean_ns, batch.age.max_ns) == (2, 300 * MS, 300 * MS)


def test_a_consumer_that_names_no_topic_hangs_on_its_producer(
    runner: QueryRunner, sender: Sender
) -> None:
    sender.send(
        [
            Sent("send", service="shop", kind="Producer"),
            Sent("work", "send", service="billing", kind="Consumer", start=30, end=40),
        ]
    )
    edge = edges(of(runner, sender))["service:shop", "service:billing"]
    assert (edge.type, edge.statistics.count) == ("consume", 1)


def test_a_server_called_without_a_clients_span_is_still_an_edge(
    runner: QueryRunner, sender: Sender
) -> None:
    sender.send(
        [
            Sent("in", service="front", kind="Server", end=500),
            Sent("served", "in", service="shop", kind="Server", start=10, end=40, status="Error"),
            Sent("again", "in", service="shop", kind="Server", start=50, end=60),
        ]
    )
    edge = edges(of(runner, sender))["service:front", "service:shop"]
    assert edge.statistics.total_ns == 40 * MS
    assert (edge.statistics.count, edge.statistics.faults) == (2, 1)


def test_services_without_edges_are_shown(runner: QueryRunner, sender: Sender) -> None:
    sender.send(
        [Sent("job", service="etl", end=700), Sent("step", "job", service="etl", end=300)],
        [Sent("part", "lost", service="worker", trace="w")],
    )
    found = of(runner, sender)
    etl, worker = nodes(found)["service:etl"], nodes(found)["service:worker"]
    assert (etl.basis, etl.statistics.count, etl.statistics.total_ns) == ("root", 1, 700 * MS)
    assert (worker.basis, worker.statistics.count) == ("none", 0)
    assert found.edges == ()


def test_spans_count_for_what_their_sampler_left_out(runner: QueryRunner, sender: Sender) -> None:
    # th:c drops 3 of 4 traces, th:8 every second one.
    sender.send(
        [
            Sent("a", kind="Server", trace_state="ot=th:c;rv:deadbeefdeadbe"),
            Sent("b", kind="Server", trace_state="vendor=x,ot=rv:00000000000000;th:8"),
            Sent("c", kind="Server", trace_state="vendor=th:c"),
        ]
    )
    statistics = nodes(of(runner, sender))["service:shop"].statistics
    assert statistics.count == pytest.approx(4 + 2 + 1)
    assert statistics.total_ns == pytest.approx(70 * MS)


def test_many_spans_are_sampled_by_whole_traces_and_scaled(
    runner: QueryRunner, sender: Sender
) -> None:
    sender.send([span for number in range(300) for span in call(f"t{number}")])
    found = of(runner, sender, span_bound=300)
    assert found.sampled_every == 3
    edge = edges(found)["service:front", "service:shop"]
    assert set(edges(found)) == {("service:front", "service:shop")}
    # A third of 300 traces, times 3: within four standard deviations.
    assert edge.statistics.count == pytest.approx(300, abs=4 * 3 * (300 * 2 / 9) ** 0.5)
    assert edge.statistics.count == nodes(found)["service:shop"].statistics.count
    assert of(runner, sender, span_bound=300) == found


def test_an_empty_range_has_an_empty_map(runner: QueryRunner, sender: Sender) -> None:
    found = of(runner, sender)
    assert (found.nodes, found.edges, found.spans) == ((), (), 0)
