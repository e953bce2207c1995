"""Which services and hosts sent telemetry, and what they say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.telemetry.ranges import bound_range, in_coarse_range

if TYPE_CHECKING:
    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner
    from vedette.store.warehouse import Columns

SIGNALS = ("logs", "traces", "metrics")
MAX_ROWS = 1000

_IN_HOURS = f"""
    {in_coarse_range("Hour", "toStartOfHour")}
    AND LastTime >= toDateTime({{start:DateTime64(9, 'UTC')}})
    AND ({{signal:String}} = '' OR Signal = {{signal:String}})
"""
_SERVICES = f"""
SELECT
    ServiceName AS service,
    arraySort(groupUniqArray(Signal)) AS signals,
    sumIf(Count, Signal = 'traces') AS spans,
    sumIf(Count, Signal = 'logs') AS log_records,
    sumIf(Count, Signal = 'metrics') AS metric_points,
    formatDateTime(max(LastTime), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS last_seen,
    uniqExactIf(ResourceAttributes['host.name'], ResourceAttributes['host.name'] != '') AS hosts,
    argMax(ResourceAttributes['service.version'], LastTime) AS version,
    argMax(ResourceAttributes['service.namespace'], LastTime) AS namespace,
    argMax(if(ResourceAttributes['deployment.environment.name'] != '',
        ResourceAttributes['deployment.environment.name'],
        ResourceAttributes['deployment.environment']), LastTime) AS environment,
    argMax(ResourceAttributes['telemetry.sdk.language'], LastTime) AS language
FROM @resources
WHERE {_IN_HOURS} AND ServiceName != ''
GROUP BY service
ORDER BY service
LIMIT {{limit:UInt32}}
"""
_HOSTS = f"""
SELECT
    ResourceAttributes['host.name'] AS host,
    arraySort(groupUniqArray(Signal)) AS signals,
    arraySort(groupUniqArrayIf(100)(toString(ServiceName), ServiceName != '')) AS services,
    formatDateTime(max(LastTime), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS last_seen,
    argMax(ResourceAttributes['host.id'], LastTime) AS host_id,
    argMax(ResourceAttributes['host.arch'], LastTime) AS arch,
    argMax(ResourceAttributes['os.type'], LastTime) AS os_type,
    argMax(ResourceAttributes['os.description'], LastTime) AS os_description,
    argMax(ResourceAttributes['cloud.region'], LastTime) AS region
FROM @resources
WHERE {_IN_HOURS} AND ResourceAttributes['host.name'] != ''
GROUP BY host
ORDER BY host
LIMIT {{limit:UInt32}}
"""
_ATTRIBUTES = f"""
SELECT ResourceAttributes AS attributes, arraySort(groupUniqArray(Signal)) AS signals,
    sum(Count) AS count, formatDateTime(max(LastTime), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS last_seen
FROM @resources
WHERE {_IN_HOURS} AND ServiceName = {{service:String}}
GROUP BY ResourceAttributes
ORDER BY last_seen DESC, count DESC, toJSONString(attributes)
LIMIT {{limit:UInt32}}
"""


def services(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    *,
    signal: str = "",
    limit: int = MAX_ROWS,
) -> Columns:
    """Return the services that sent telemetry, by name.

    Columns: ``service``, ``signals``, ``spans``, ``log_records``, ``metric_points``, ``last_seen``
    (RFC 3339), ``hosts`` (how many), ``version``, ``namespace``, ``environment``, ``language``.
    What is counted is counted by whole hours.

    Args:
        runner: runs the query.
        account: whose services.
        time_range: when they sent something.
        signal: only senders of ``logs``, ``traces`` or ``metrics``; '' for any.
        limit: rows, at most ``MAX_ROWS``.

    """
    return runner.run(account, _SERVICES, _params(time_range, signal, limit))


def hosts(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    *,
    signal: str = "",
    limit: int = MAX_ROWS,
) -> Columns:
    """Return the hosts that sent telemetry, by name.

    Columns: ``host``, ``signals``, ``services`` (at most 100), ``last_seen``, ``host_id``,
    ``arch``, ``os_type``, ``os_description``, ``region``. Arguments as for ``services``.
    """
    return runner.run(account, _HOSTS, _params(time_range, signal, limit))


def service_resources(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    service: str,
    *,
    signal: str = "",
    limit: int = 100,
) -> Columns:
    """Return what the instances of a service say of themselves, the last seen first.

    Columns: ``attributes`` (mapping), ``signals``, ``count`` (records), ``last_seen``.
    """
    return runner.run(
        account, _ATTRIBUTES, {**_params(time_range, signal, limit), "service": service}
    )


def _params(time_range: TimeRange, signal: str, limit: int) -> dict[str, str | int]:
    if signal and signal not in SIGNALS:
        raise InvalidInputError(
            f"{signal!r} is not a signal", field="signal", remedy=f"use {', '.join(SIGNALS)}"
        )
    if not 1 <= limit <= MAX_ROWS:
        raise InvalidInputError(
            f"{limit} is not a number of rows", field="limit", remedy=f"give 1 to {MAX_ROWS}"
        )
    return {**bound_range(time_range), "signal": signal, "limit": limit}
