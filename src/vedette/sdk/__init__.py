"""The client side: ``init``, ``flush`` and ``shutdown``.

Rules that every module here keeps: never block the user's job, never raise into it (only a wrong
argument raises), bound every queue, and never write a key to a log. Heavy imports happen inside
``init``, so that ``import vedette`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vedette.sdk.client import Handle

__all__ = ["flush", "init", "shutdown"]


def init(
    service_name: str | None = None,
    endpoint: str | None = None,
    api_key: str | None = None,
    *,
    service_version: str | None = None,
    environment: str | None = None,
    resource: Mapping[str, str | bool | int | float] | None = None,
    tags: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    traces: bool | None = None,
    metrics: bool | None = None,
    logs: bool | None = None,
    log_level: str | int | None = None,
    host_metrics: bool | None = None,
    metric_interval: float | None = None,
    spool_dir: str | Path | None = None,
    spool_bytes: int | None = None,
    compression: str | None = None,
    timeout: float | None = None,
) -> Handle:
    """Set up traces, metrics, logs and host metrics for this process and send them to Vedette.

    Each value comes from the argument, else from ``VEDETTE_*``, else from the standard ``OTEL_*``
    variables, else from a default. A second call returns the handle of the first.

    Args:
        service_name: resource attribute ``service.name`` (``VEDETTE_SERVICE_NAME``).
        endpoint: base URL; ``/v1/traces`` and so on are appended (``VEDETTE_ENDPOINT``, default
            ``http://127.0.0.1:8230``).
        api_key: sent as a bearer token (``VEDETTE_API_KEY``); it appears in no log and no repr.
        service_version: resource attribute ``service.version``.
        environment: resource attribute ``deployment.environment.name`` (``VEDETTE_ENVIRONMENT``).
        resource: more resource attributes (``VEDETTE_RESOURCE_ATTRIBUTES``: ``a=b,c=d``).
        tags: tags of the resource; each becomes ``vedette.tag.<name>`` (``VEDETTE_TAGS``).
        headers: more request headers, such as a proxy wants.
        traces: whether spans are sent (``VEDETTE_TRACES``, default true).
        metrics: whether metrics are sent (``VEDETTE_METRICS``, default true).
        logs: whether records of ``logging`` are sent (``VEDETTE_LOGS``, default true).
        log_level: the least level that is sent (``VEDETTE_LOG_LEVEL``). The root logger's own
            level is left as it is and applies before this one.
        host_metrics: CPU, memory, disk, network, process and GPU metrics
            (``VEDETTE_HOST_METRICS``, default true; needs ``metrics``).
        metric_interval: seconds between metric exports (``VEDETTE_METRIC_INTERVAL`` as a duration
            such as ``15s``, ``OTEL_METRIC_EXPORT_INTERVAL`` in ms; default 15).
        spool_dir: folder for batches that the server could not take (``VEDETTE_SPOOL_DIR``;
            default under ``$XDG_STATE_HOME/vedette``). Processes may share it.
        spool_bytes: most bytes kept there, oldest dropped first (``VEDETTE_SPOOL_BYTES``, default
            256 MiB); 0 keeps nothing on disk.
        compression: ``auto`` (zstd where Python has it, else gzip), ``gzip``, ``zstd`` or ``none``
            (``VEDETTE_COMPRESSION``, ``OTEL_EXPORTER_OTLP_COMPRESSION``).
        timeout: seconds one request may take (``VEDETTE_TIMEOUT``,
            ``OTEL_EXPORTER_OTLP_TIMEOUT``; default 10).

    Returns:
        The handle: ``flush()``, ``shutdown()``, ``stats()``.

    Raises:
        InvalidInputError: an argument is wrong. Wrong environment variables only warn.

    """
    from vedette.sdk import client, config  # noqa: PLC0415 - importing vedette must stay cheap

    return client.start(
        config.resolve(
            {
                "service_name": service_name,
                "endpoint": endpoint,
                "api_key": api_key,
                "service_version": service_version,
                "environment": environment,
                "resource": resource,
                "tags": tags,
                "headers": headers,
                "traces": traces,
                "metrics": metrics,
                "logs": logs,
                "log_level": log_level,
                "host_metrics": host_metrics,
                "metric_interval": metric_interval,
                "spool_dir": spool_dir,
                "spool_bytes": spool_bytes,
                "compression": compression,
                "timeout": timeout,
            }
        )
    )


def flush(timeout: float = 5.0) -> bool:
    """Send what was recorded so far; wait at most ``timeout`` seconds.

    Returns:
        True when the server has acknowledged all of it; False when time ran out, the server is
        away (the rest is in the spool), or ``init`` was not called.

    """
    from vedette.sdk import client  # noqa: PLC0415 - importing vedette must stay cheap

    handle = client.current()
    return handle.flush(timeout) if handle else False


def shutdown(timeout: float = 5.0) -> bool:
    """Flush, put what is left in the spool and end; takes at most about ``timeout`` seconds.

    Called at interpreter exit by itself. OpenTelemetry's providers can be set only once in a
    process, so a later ``init`` does not start again.

    Returns:
        True when everything was acknowledged, False when something went to the spool.

    """
    from vedette.sdk import client  # noqa: PLC0415 - importing vedette must stay cheap

    handle = client.current()
    return handle.shutdown(timeout) if handle else False
