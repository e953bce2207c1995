"""The statements behind use: what hosts, containers and services use of processors, memory and GPUs.

A series is given a role first, by its metric and labels. Then, of the rollup: a value or an increase by series
and step; the measures of each thing by step; and over its steps the mean, a percentile, the most, and the share
of steps in which it was nearly unused.
"""

from __future__ import annotations

from typing import NamedTuple

from vedette.telemetry.ranges import in_coarse_range

IDLE_CPU, IDLE_GPU = 0.10, 0.05
"""Below these shares a step counts as idle, as in the efficiency of training runs."""


class Kind(NamedTuple):
    """How series of one kind of thing are found."""

    metrics: tuple[str, ...]
    name: str
    role: str
    part: str
    """What tells devices of one thing apart."""
    wanted: str
    """Which of the roles are read, where several tell the same."""


_MODE = "if(labels['cpu.mode'] != '', labels['cpu.mode'], if(labels['state'] != '', labels['state'], labels['mode']))"
_MEMORY = "if(labels['system.memory.state'] != '', labels['system.memory.state'], labels['state'])"
_INSTANCE = "if(labels['Hostname'] != '', labels['Hostname'], labels['instance'])"
_LINK = (
    "if(labels['network.interface.name'] != '', labels['network.interface.name'], labels['device'])"
)
HOSTS = Kind(
    metrics=(
        "system.cpu.utilization", "system.cpu.time", "node_cpu_seconds_total",
        "system.cpu.logical.count", "system.memory.usage", "system.memory.limit",
        "node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes", "hw.gpu.utilization",
        "DCGM_FI_DEV_GPU_UTIL", "hw.gpu.memory.utilization", "hw.power", "DCGM_FI_DEV_POWER_USAGE",
        "system.network.io",
    ),
    name=f"if(resource['host.name'] != '', resource['host.name'], {_INSTANCE})",
    role=f"""multiIf(
        metric = 'system.cpu.utilization', if({_MODE} = 'idle', 'idle', ''),
        metric IN ('system.cpu.time', 'node_cpu_seconds_total'), if({_MODE} = 'idle', 'idle_time', 'busy_time'),
        metric = 'system.cpu.logical.count', 'cpus',
        metric = 'system.memory.usage', if({_MEMORY} = 'used', 'memory', 'memory_rest'),
        metric IN ('system.memory.limit', 'node_memory_MemTotal_bytes'), 'memory_limit',
        metric = 'node_memory_MemAvailable_bytes', 'memory_free',
        metric = 'hw.gpu.utilization', 'gpu', metric = 'DCGM_FI_DEV_GPU_UTIL', 'gpu_percent',
        metric = 'hw.gpu.memory.utilization', 'gpu_memory',
        metric = 'hw.power', if(labels['hw.type'] = 'gpu', 'power', ''),
        metric = 'DCGM_FI_DEV_POWER_USAGE', 'power',
        metric = 'system.network.io', if({_LINK} IN ('lo', 'lo0'), '', 'network'), '')""",
    part=f"""multiIf(metric = 'system.network.io', {_LINK}, labels['hw.id'] != '', labels['hw.id'],
        labels['hw.name'] != '', labels['hw.name'], labels['gpu'] != '', labels['gpu'], labels['cpu'])""",
    wanted="""(role NOT IN ('idle_time', 'busy_time') OR countIf(role = 'idle') OVER own = 0)
        AND (role != 'memory_rest' OR countIf(role = 'memory_limit') OVER own = 0)""",
)  # fmt: skip
_POD = "if(resource['k8s.pod.name'] != '', resource['k8s.pod.name'], labels['pod'])"
_SPACE = (
    "if(resource['k8s.namespace.name'] != '', resource['k8s.namespace.name'], labels['namespace'])"
)
_BOX = """multiIf(resource['k8s.container.name'] != '', resource['k8s.container.name'],
        resource['container.name'] != '', resource['container.name'],
        labels['container.name'] != '', labels['container.name'], labels['container'] != '', labels['container'],
        labels['container.id'] != '', left(labels['container.id'], 12), left(resource['container.id'], 12))"""
CONTAINERS = Kind(
    metrics=(
        "container.cpu.usage", "container.cpu.time", "container.cpu.usage.total",
        "container_cpu_usage_seconds_total", "container.memory.working_set",
        "container_memory_working_set_bytes", "container.memory.usage", "container.memory.usage.total",
        "container.cpu.limit", "k8s.container.cpu.limit", "k8s.container.cpu_limit",
        "container.memory.limit", "container.memory.usage.limit", "k8s.container.memory.limit",
        "k8s.container.memory_limit", "container_spec_memory_limit_bytes", "k8s.container.cpu.request",
        "k8s.container.cpu_request", "k8s.container.memory.request", "k8s.container.memory_request",
        "kube_pod_container_resource_limits", "kube_pod_container_resource_requests",
    ),
    name=f"""if({_POD} != '', concat({_SPACE}, '/', {_POD}, '/', {_BOX}), {_BOX})""",
    role="""multiIf(
        metric = 'container.cpu.usage', 'cores',
        metric IN ('container.cpu.time', 'container_cpu_usage_seconds_total'), 'cpu_seconds',
        metric = 'container.cpu.usage.total', 'cpu_nanoseconds',
        metric IN ('container.memory.working_set', 'container_memory_working_set_bytes'), 'memory',
        metric IN ('container.memory.usage', 'container.memory.usage.total'), 'memory_usage',
        metric IN ('container.cpu.limit', 'k8s.container.cpu.limit', 'k8s.container.cpu_limit'), 'cpu_limit',
        metric IN ('k8s.container.cpu.request', 'k8s.container.cpu_request'), 'cpu_request',
        metric IN ('k8s.container.memory.request', 'k8s.container.memory_request'), 'memory_request',
        metric = 'kube_pod_container_resource_limits',
            multiIf(labels['resource'] = 'cpu', 'cpu_limit', labels['resource'] = 'memory', 'memory_limit', ''),
        metric = 'kube_pod_container_resource_requests',
            multiIf(labels['resource'] = 'cpu', 'cpu_request', labels['resource'] = 'memory', 'memory_request', ''),
        'memory_limit')""",
    part="labels['cpu']",
    wanted="""(role NOT IN ('cpu_seconds', 'cpu_nanoseconds') OR countIf(role = 'cores') OVER own = 0)
        AND (role != 'memory_usage' OR countIf(role = 'memory') OVER own = 0)""",
)  # fmt: skip
_OWNER = "if(service != '', service, labels['job'])"
_PROCESS_HOST = "if(resource['host.name'] != '', resource['host.name'], labels['instance'])"
SERVICES = Kind(
    metrics=(
        "process.cpu.time", "process_cpu_seconds_total", "process.memory.usage",
        "process_resident_memory_bytes",
    ),
    name=_OWNER,
    role="if(metric IN ('process.cpu.time', 'process_cpu_seconds_total'), 'cpu_seconds', 'memory')",
    part=_PROCESS_HOST,
    wanted="1",
)  # fmt: skip
SERVICES_BY_HOST = SERVICES._replace(name=f"concat({_OWNER}, '\\n', {_PROCESS_HOST})")
"""The same by service and host, whose names a line break parts."""


def _labelled(kind: Kind) -> str:
    return f"""
SELECT account, series, name, role, part, host, type, service FROM (
    SELECT Account AS account, SeriesId AS series, MetricName AS metric, ResourceAttributes AS resource,
        Attributes AS labels, ServiceName AS service, {kind.name} AS name, {kind.role} AS role,
        {kind.part} AS part,
        if(resource['host.name'] != '', resource['host.name'], resource['k8s.node.name']) AS host,
        if(resource['host.type'] != '', resource['host.type'], resource['cloud.machine.type']) AS type
    FROM (
        SELECT Account, SeriesId, MetricName, ResourceAttributes, Attributes, ServiceName
        FROM @metric_series
        WHERE MetricName IN {{metrics:Array(String)}} AND Day >= toDate({{start:DateTime64(9, 'UTC')}})
            AND Day <= toDate({{end:DateTime64(9, 'UTC')}})
        LIMIT 1 BY Account, SeriesId
    )
    WHERE role != '' AND name != '' AND ({{name:String}} = '' OR name = {{name:String}})
)
WINDOW own AS (PARTITION BY account, name)
QUALIFY {kind.wanted}
"""


def series_count(kind: Kind) -> str:
    """Return the statement that counts the series that ``use_statement`` reads."""
    return f"SELECT count() AS series FROM ({_labelled(kind)})"


def use_statement(kind: Kind, rollup: str, floor: str, percentile: float, *, named: bool) -> str:
    """Return the statement over a rollup; ``named`` where it is about one thing only."""
    only = f" AND SeriesId IN (SELECT series FROM ({_labelled(kind)}))" if named else ""
    return (
        _USE.replace("{labelled}", _labelled(kind))
        .replace("{only}", only)
        .replace("{rollup}", rollup)
        .replace("{within}", in_coarse_range("Time", floor))
        .replace("{q}", f"{percentile:.4f}")
        .replace("{cpu}", "busy" if kind is HOSTS else "cores")
        .replace("{share}", "busy" if kind is HOSTS else "cores / ifNull(cpu_request, cpu_limit)")
    )


_BY_STEP = """
SELECT w.account AS account, w.name AS name, r.step AS step,
    max(w.host) AS host, max(w.type) AS type, groupUniqArray(100)(w.host) AS hosts,
    groupUniqArray(100)(toString(w.service)) AS services,
    multiIf(
        countIf(w.role = 'idle') > 0, 1 - avgIf(r.value, w.role = 'idle'),
        sumIf(r.rise, w.role IN ('idle_time', 'busy_time')) > 0,
            1 - sumIf(r.rise, w.role = 'idle_time') / sumIf(r.rise, w.role IN ('idle_time', 'busy_time')),
        NULL) AS busy,
    multiIf(
        countIf(w.role = 'cores') > 0, sumIf(r.value, w.role = 'cores'),
        countIf(w.role IN ('cpu_seconds', 'cpu_nanoseconds') AND r.points > 1) > 0,
            sumIf(r.rise * if(w.role = 'cpu_nanoseconds', 1e-9, 1) * r.points / (r.points - 1),
                w.role IN ('cpu_seconds', 'cpu_nanoseconds') AND r.points > 1) / {step:UInt32},
        NULL) AS cores,
    multiIf(
        countIf(w.role IN ('memory', 'memory_usage')) > 0,
            if({sums:Bool}, sumIf(r.value, w.role IN ('memory', 'memory_usage')),
                maxIf(r.value, w.role IN ('memory', 'memory_usage'))),
        countIf(w.role = 'memory_free') > 0,
            maxIf(r.value, w.role = 'memory_limit') - maxIf(r.value, w.role = 'memory_free'),
        NULL) AS memory,
    maxOrNullIf(r.value, w.role = 'memory_limit' AND r.value > 0) AS memory_limit_told,
    if(memory_limit_told IS NULL AND countIf(w.role = 'memory_rest') > 0,
        sumIf(r.value, w.role IN ('memory', 'memory_rest')) / countIf(w.role = 'memory'),
        memory_limit_told) AS memory_limit,
    maxOrNullIf(r.value, w.role = 'memory_request' AND r.value > 0) AS memory_request,
    maxOrNullIf(r.value, w.role = 'cpus') AS cpus,
    uniqExactIf(w.part, w.part != '' AND w.role IN ('idle', 'idle_time')) AS cpu_parts,
    maxOrNullIf(r.value, w.role = 'cpu_limit' AND r.value > 0) AS cpu_limit,
    maxOrNullIf(r.value, w.role = 'cpu_request' AND r.value > 0) AS cpu_request,
    avgOrNullIf(if(w.role = 'gpu', r.value, r.value / 100), w.role IN ('gpu', 'gpu_percent')) AS gpu,
    maxMapIf([w.part], [if(w.role = 'gpu', r.value, r.value / 100)], w.role IN ('gpu', 'gpu_percent'))
        AS gpu_parts,
    maxOrNullIf(r.value, w.role = 'gpu_memory') AS gpu_memory,
    if(countIf(w.role = 'power') > 0, sumIf(r.value, w.role = 'power') * uniqExactIf(w.part, w.role = 'power')
        / countIf(w.role = 'power'), NULL) AS power,
    if(countIf(w.role = 'network') > 0, sumIf(r.rise, w.role = 'network') / {step:UInt32}, NULL) AS network
FROM (
    SELECT Account, SeriesId, intDiv(toUnixTimestamp(Time), {step:UInt32}) AS step,
        sum(Sum) / sum(Count) AS value, max(Max) - min(Min) AS rise, sum(Count) AS points
    FROM @{rollup}
    WHERE MetricName IN {metrics:Array(String)} AND {within}{only}
    GROUP BY Account, SeriesId, step
) AS r
INNER JOIN ({labelled}) AS w ON w.account = r.Account AND w.series = r.SeriesId
GROUP BY account, name, step
"""
_MEASURED = ("cpu", "memory", "gpu", "gpu_memory")
_OVER_STEPS = ",\n    ".join(
    f"avg({one}) AS {one}_mean, quantileExactOrNull({{q}})({one}) AS {one}_high, max({one}) AS {one}_most"
    for one in _MEASURED
)
_USE = f"""
SELECT account, name, max(host) AS on_host, max(type) AS machine_type,
    arraySort(arrayFilter(one -> one != '', groupUniqArrayArray(100)(hosts))) AS on_hosts,
    arraySort(arrayFilter(one -> one != '', groupUniqArrayArray(100)(services))) AS of_services,
    count() AS steps, uniqExact(intDiv(step * {{step:UInt32}}, 3600)) AS clock_hours,
    min(step) AS first, max(step) AS last,
    {_OVER_STEPS},
    countIf(share < {IDLE_CPU}) / countIf(share IS NOT NULL) AS cpu_idle,
    avgIf(arrayCount(one -> one < {IDLE_GPU}, gpu_parts.2) / length(gpu_parts.2), notEmpty(gpu_parts.2))
        AS gpu_idle,
    argMaxOrNull(cpus, step) AS cpus, max(cpu_parts) AS cpu_parts,
    argMaxOrNull(cpu_limit, step) AS cpu_limit, argMaxOrNull(cpu_request, step) AS cpu_request,
    argMaxOrNull(memory_limit, step) AS memory_limit,
    argMaxOrNull(memory_request, step) AS memory_request,
    maxMap(gpu_parts) AS gpus, avg(power) AS power_mean, avg(network) AS network_mean
FROM (SELECT *, {{cpu}} AS cpu, {{share}} AS share FROM ({_BY_STEP}))
GROUP BY account, name
ORDER BY name
LIMIT {{limit:UInt32}}
"""
