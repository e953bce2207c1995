"""Root causes in failing maps."""

from __future__ import annotations

from vedette.telemetry.traces.root_cause import root_causes
from vedette.telemetry.traces.service_map import MapEdge, MapNode, ServiceMap
from vedette.telemetry.traces.statistics import CallStatistics


def a_map(rates: dict[str, float], *calls: str, publish: tuple[str, ...] = ()) -> ServiceMap:
    """Nodes with fault rates; calls such as ``a>b`` fail as often as their callee."""
    edges = []
    for name in (*calls, *publish):
        source, _, target = name.partition(">")
        kind = "publish" if name in publish else "call"
        edges.append(MapEdge(source, target, kind, CallStatistics(100, faults=100 * rates[target])))
    nodes = tuple(
        MapNode(name, "service", name, "server", CallStatistics(100, faults=100 * rate))
        for name, rate in rates.items()
    )
    return ServiceMap(nodes, tuple(edges), 100, 1, truncated=False, unresolved_calls=0)


def causes(service_map: ServiceMap, **options: object) -> list[str]:
    return [cause.node for cause in root_causes(service_map, **options)]


def test_the_farthest_failing_node_downstream() -> None:
    found = root_causes(
        a_map({"web": 0.3, "shop": 0.3, "pg": 0.4, "pay": 0.0}, "web>shop", "shop>pg", "shop>pay")
    )
    assert [(cause.node, cause.path) for cause in found] == [("pg", ("web", "shop", "pg"))]
    assert found[0].fault_rate == 0.4


def test_no_anomaly_no_cause() -> None:
    assert causes(a_map({"web": 0.01, "shop": 0.04}, "web>shop")) == []


def test_two_failing_branches_are_two_causes() -> None:
    found = causes(a_map({"web": 0.3, "a": 0.2, "b": 0.1}, "web>a", "web>b"))
    assert found == ["a", "b"]


def test_a_healthy_node_between_ends_the_path() -> None:
    found = causes(a_map({"web": 0.3, "mid": 0.0, "far": 0.5}, "web>mid", "mid>far"))
    assert sorted(found) == ["far", "web"]


def test_from_a_symptom_only_what_is_below_it() -> None:
    service_map = a_map({"web": 0.3, "a": 0.2, "b": 0.1}, "web>a", "web>b")
    assert causes(service_map, symptom="a") == ["a"]
    assert causes(service_map, symptom="unknown") == []


def test_a_circle_ends() -> None:
    found = root_causes(a_map({"a": 0.2, "b": 0.3}, "a>b", "b>a"), symptom="a")
    assert [cause.path for cause in found] == [("a", "b")]
    assert sorted(causes(a_map({"a": 0.2, "b": 0.3}, "a>b", "b>a", "a>a"))) == ["a", "b"]


def test_what_always_fails_is_not_anomalous() -> None:
    service_map = a_map({"web": 0.3, "flaky": 0.3}, "web>flaky")
    assert causes(service_map, usual={"flaky": 0.3}) == ["web"]


def test_few_calls_say_nothing() -> None:
    few = MapNode("n", "service", "n", "server", CallStatistics(3, faults=3))
    assert causes(ServiceMap((few,), (), 3, 1, truncated=False, unresolved_calls=0)) == []
