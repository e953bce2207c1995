"""Use of hosts, containers and services against what is theirs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.infrastructure import GIB, Past
from vedette.infrastructure.use import Usage, cores_by_host, read_usage
from vedette.query import QueryRunner

Metrics = dict[tuple[str, tuple[tuple[str, str], ...]], Callable[[float], float]]


def host(busy: float, *, cpus: float = 8, memory: float = 4, of: float = 16) -> Metrics:
    return {
        ("system.cpu.utilization", (("cpu.mode", "idle"),)): lambda _: 1 - busy,
        ("system.cpu.utilization", (("cpu.mode", "user"),)): lambda _: busy,
        ("system.cpu.logical.count", ()): lambda _: cpus,
        ("system.memory.usage", (("system.memory.state", "used"),)): lambda _: memory * GIB,
        ("system.memory.usage", (("system.memory.state", "free"),)): lambda _: (of - memory) * GIB,
    }


def usage(
    runner: QueryRunner, past: Past, kind: str, days: float = 1, **options: object
) -> dict[str, Usage]:
    past.send()
    found = read_usage(runner, past.account, past.range(days), kind, **options)  # type: ignore[arg-type]
    return {one.name: one for one in found}


def test_hosts_by_the_agent_the_collector_and_the_node_exporter(
    past: Past, runner: QueryRunner
) -> None:
    steady = host(0.25)
    # A tenth of the time it is busy with everything.
    burst = host(0.05)
    burst["system.cpu.utilization", (("cpu.mode", "idle"),)] = lambda age: (
        0.0 if round(-age * 48) % 10 == 0 else 1.0
    )
    past.store({"host.name": "agent", "host.type": "m5.2xlarge"}, steady, days=1, every=0.5)
    past.store({"host.name": "burst"}, burst, days=1, every=0.5)
    seconds = 86400.0
    collector: Metrics = {
        ("system.cpu.time", (("cpu", cpu), ("state", state))): (lambda age, s=share: s * seconds * (age + 2))
        for cpu in ("cpu0", "cpu1")
        for state, share in {"idle": 0.6, "user": 0.3, "system": 0.1}.items()
    }  # fmt: skip
    past.store({"host.name": "collector"}, collector, days=0.25, every=1 / 60)
    labels = (("instance", "node:9100"),)
    node: Metrics = {
        ("node_memory_MemTotal_bytes", labels): lambda _: 8.0 * GIB,
        ("node_memory_MemAvailable_bytes", labels): lambda _: 6.0 * GIB,
    }
    past.store({"service.name": "node"}, node, days=1, every=1)
    found = usage(runner, past, "host")
    agent = found["agent"]
    assert agent.cpu is not None
    assert (agent.cpu.mean, agent.cpu.high, agent.cpu.reserved, agent.cpu.idle) == pytest.approx(
        (2.0, 2.0, 8.0, 0.0)
    )
    assert agent.memory is not None
    assert (agent.memory.mean, agent.memory.limit) == pytest.approx((4 * GIB, 16 * GIB))
    assert (agent.machine_type, agent.gpu) == ("m5.2xlarge", None)
    assert found["burst"].cpu is not None
    assert found["burst"].cpu.most == pytest.approx(8.0)
    assert found["burst"].cpu.idle == pytest.approx(0.9, abs=0.01)
    assert found["collector"].cpu is not None
    assert (found["collector"].cpu.mean, found["collector"].cpu.reserved) == pytest.approx(
        (0.8, 2.0)
    )
    assert found["node:9100"].memory is not None
    assert (found["node:9100"].memory.mean, found["node:9100"].memory.limit) == pytest.approx(
        (2 * GIB, 8 * GIB)
    )
    assert list(usage(runner, past, "host", name="agent")) == ["agent"]


def test_gpus_are_counted_and_idle_ones_seen(past: Past, runner: QueryRunner) -> None:
    gpus: Metrics = {
        ("hw.gpu.utilization", (("hw.id", f"GPU-{index}"),)): (lambda _, b=busy: b)
        for index, busy in enumerate((0.9, 0.5, 0.0, 0.01))
    }
    gpus |= {
        ("hw.power", (("hw.id", f"GPU-{i}"), ("hw.type", "gpu"))): lambda _: 100.0 for i in range(4)
    }
    past.store({"host.name": "trainer"}, gpus, days=1, every=1)
    past.store({"host.name": "trainer", "service.name": "train.py"}, gpus, days=1, every=1)
    one = usage(runner, past, "host")["trainer"]
    assert one.gpu is not None
    assert (one.gpu.mean, one.gpu.reserved, one.gpus_used) == pytest.approx((1.41, 4.0, 2))
    assert one.gpu.idle == pytest.approx(0.5)
    assert one.power_watts == pytest.approx(400.0)


def test_containers_against_limits_and_requests(past: Past, runner: QueryRunner) -> None:
    docker: Metrics = {
        ("container.cpu.usage.total", ()): lambda age: (age + 2) * 86400 * 0.5 * 1e9,
        ("container.memory.usage.total", ()): lambda _: 1.0 * GIB,
        ("container.memory.usage.limit", ()): lambda _: 2.0 * GIB,
    }
    past.store({"host.name": "a", "container.name": "web"}, docker, days=0.25, every=1 / 60)
    pod = {"k8s.namespace.name": "shop", "k8s.pod.name": "api-1", "k8s.container.name": "api"}
    kubelet: Metrics = {
        ("container.cpu.usage", ()): lambda _: 0.05,
        ("container.memory.usage", ()): lambda _: 3.0 * GIB,
        ("container.memory.working_set", ()): lambda _: 1.0 * GIB,
    }
    past.store({**pod, "k8s.node.name": "n1"}, kubelet, days=1, every=1)
    cluster: Metrics = {
        ("k8s.container.cpu_limit", ()): lambda _: 2.0,
        ("k8s.container.cpu_request", ()): lambda _: 1.0,
        ("k8s.container.memory_limit", ()): lambda _: 4.0 * GIB,
    }
    past.store(pod, cluster, days=1, every=1)
    past.store(
        {"container.id": "0123456789abcdef"},
        {("container.cpu.usage", ()): lambda _: 1.0},
        days=1,
        every=1,
    )
    found = usage(runner, past, "container")
    assert set(found) == {"web", "shop/api-1/api", "0123456789ab"}
    web, api, free = found["web"], found["shop/api-1/api"], found["0123456789ab"]
    assert web.cpu is not None
    assert web.cpu.mean == pytest.approx(0.5, rel=0.02)
    assert (web.cpu.reserved, web.hosts) == (None, ["a"])
    assert web.memory is not None
    assert (web.memory.mean, web.memory.limit) == pytest.approx((GIB, 2 * GIB))
    assert api.cpu is not None
    assert (api.cpu.mean, api.cpu.reserved, api.cpu.limit, api.cpu.idle) == pytest.approx(
        (0.05, 1.0, 2.0, 1.0)
    )
    assert api.memory is not None
    assert (api.memory.mean, api.memory.reserved) == pytest.approx((GIB, 4 * GIB))
    assert api.hosts == ["n1"]
    assert free.cpu is not None
    assert (free.cpu.limit, free.memory) == (None, None)


def test_services_by_cores_and_host(past: Past, runner: QueryRunner) -> None:
    for name, cores in {"a": 0.5, "b": 1.5}.items():
        process: Metrics = {
            ("process.cpu.time", (("cpu.mode", mode),)): (
                lambda age, c=cores: (age + 2) * 86400 * c / 2
            )
            for mode in ("user", "system")
        }
        process["process.memory.usage", ()] = lambda _: 0.5 * GIB
        for instance in ("1", "2"):
            resource = {
                "service.name": "api",
                "host.name": name,
                "service.instance.id": name + instance,
            }
            past.store(resource, process, days=0.25, every=1 / 30)
    one = usage(runner, past, "service")["api"]
    assert one.cpu is not None
    assert one.cpu.mean == pytest.approx(4.0, rel=0.02)
    assert one.memory is not None
    assert one.memory.mean == pytest.approx(2 * GIB)
    assert one.hosts == ["a", "b"]
    by_host = cores_by_host(runner, past.account, past.range(1))
    assert by_host[past.account, "a"] == {"api": pytest.approx(1.0, rel=0.02)}
    assert by_host[past.account, "b"] == {"api": pytest.approx(3.0, rel=0.02)}
