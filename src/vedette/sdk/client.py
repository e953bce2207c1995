"""``init``, ``flush`` and ``shutdown``: the handle of a process, of which there is one."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from vedette.sdk.config import resolve
from vedette.sdk.diagnostics import logger, warn
from vedette.sdk.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vedette.sdk.batch import Stats
    from vedette.sdk.config import SdkConfig
    from vedette.sdk.predictions import Entry, Recorder
    from vedette.sdk.signals import Signals
    from vedette.sdk.transport import Sender

_EXIT_TIMEOUT_S = 5.0
_WORKER_EXIT_TIMEOUT_S = 2.0
_start_lock = threading.Lock()
_current: Handle | None = None


class Handle:
    """Telemetry of this process: flush it, end it, ask how it does.

    Where telemetry is disabled or could not be started, the same handle does nothing.
    """

    def __init__(self, config: SdkConfig) -> None:
        self.config = config
        self._sender: Sender | None = None
        self._signals: Signals | None = None
        self._recorder: Recorder | None = None
        self._closed = True
        self._close_lock = threading.Lock()

    def __repr__(self) -> str:
        state = "off" if self._sender is None else "closed" if self._closed else "on"
        return f"<vedette {state}: {self.config.service_name or 'unknown_service'}>"

    def flush(self, timeout: float = 5.0) -> bool:
        """Send what was recorded so far; True when the server has acknowledged all of it."""
        deadline = time.monotonic() + timeout
        sender, signals = self._sender, self._signals
        if sender is None or signals is None or self._closed:
            return False
        drained = signals.drain(deadline)
        if self._recorder is not None:
            drained = self._recorder.drain(deadline) and drained
        return sender.flush(max(0.0, deadline - time.monotonic())) and drained

    def shutdown(self, timeout: float = 5.0) -> bool:
        """Flush, put what is left in the spool and end; True when all was acknowledged."""
        deadline = time.monotonic() + timeout
        with self._close_lock:
            if self._closed or self._sender is None or self._signals is None:
                return False
            self._closed = True
        atexit.unregister(self._at_exit)
        self._signals.close(deadline)
        if self._recorder is not None:
            self._recorder.close(deadline)
        return self._sender.stop(max(0.1, deadline - time.monotonic()))

    def record(self, signal: str, entry: Entry) -> None:
        """Take what makes predictions or labels, without waiting."""
        if self._recorder is not None and not self._closed:
            self._recorder.put(signal, entry)

    def submit(self, signal: str, body: bytes, items: int) -> None:
        """Send an encoded OTLP request, without waiting."""
        if self._sender is not None and not self._closed:
            from vedette.sdk.exporters import submit  # noqa: PLC0415 - not before init

            submit(self._sender, signal, body, items)

    def stats(self) -> Stats:
        """Return what was sent, spooled, retried and dropped so far."""
        from vedette.sdk.batch import Stats  # noqa: PLC0415 - not before init

        return self._sender.stats() if self._sender else Stats()

    def open(self) -> None:
        """Start everything the configuration asks for. Called once, by ``start``."""
        from vedette.sdk.predictions import Recorder  # noqa: PLC0415 - not before init
        from vedette.sdk.signals import Signals  # noqa: PLC0415 - imports OpenTelemetry's SDK
        from vedette.sdk.transport import Sender  # noqa: PLC0415 - imports the HTTP client

        sender = Sender(self.config, open_spool(self.config), on_tick=self._on_tick)
        self._signals = Signals(self.config, sender)
        self._sender = sender
        self._recorder = Recorder(sender, sender.count_lost_items)
        self._closed = False
        sender.start()
        atexit.register(self._at_exit)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._before_fork,
                after_in_parent=self._after_fork_in_parent,
                after_in_child=self._after_fork_in_child,
            )

    def _on_tick(self) -> None:
        if self._signals is not None and not self._closed:
            self._signals.keep_attached()

    def _at_exit(self) -> None:
        self.shutdown(_EXIT_TIMEOUT_S)

    # A fork: the parent goes on undisturbed; the child starts with empty queues and its own pid.

    def _before_fork(self) -> None:
        if self._sender is not None and self._signals is not None:
            self._signals.before_fork()
            self._sender.before_fork()

    def _after_fork_in_parent(self) -> None:
        if self._sender is not None and self._signals is not None:
            self._sender.after_fork_in_parent()
            self._signals.after_fork_in_parent()

    def _after_fork_in_child(self) -> None:
        if self._sender is None or self._signals is None:
            return
        self._close_lock = threading.Lock()
        self._sender.after_fork_in_child()
        if self._closed:
            return
        try:
            self._signals.after_fork_in_child()
            if self._recorder is not None:
                self._recorder.after_fork_in_child()
            self._flush_when_worker_ends()
        except Exception as error:  # noqa: BLE001 - a fork must succeed with or without telemetry
            warn("fork", "telemetry in a forked process is incomplete (%s)", type(error).__name__)

    def _flush_when_worker_ends(self) -> None:
        """Flush at the end of a multiprocessing worker, which leaves without running atexit."""
        util: Any = sys.modules.get("multiprocessing.util")
        if util is not None:
            # Runs in this child right after the fork, when the parent's finalizers are cleared.
            util.register_after_fork(self, _register_finalizer)


def _register_finalizer(handle: Handle) -> None:
    from multiprocessing import util  # noqa: PLC0415 - only in its workers

    util.Finalize(None, handle.shutdown, args=(_WORKER_EXIT_TIMEOUT_S,), exitpriority=100)


def start(config: SdkConfig) -> Handle:
    """Return the process's handle, starting it on the first call."""
    global _current  # noqa: PLW0603 - one instance a process is the point
    with _start_lock:
        if _current is not None:
            if config != _current.config:
                logger.warning("vedette.init was called before; its first settings stay in force")
            return _current
        handle = Handle(config)
        if not config.disabled:
            try:
                handle.open()
            except Exception as error:  # noqa: BLE001 - telemetry must not stop the job
                logger.warning("telemetry is off: it could not be started (%r)", error)
                handle = Handle(config)
        _current = handle
        return handle


def current() -> Handle | None:
    """Return the handle of this process, if ``init`` was called."""
    return _current


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
    return start(
        resolve(
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
    return _current.flush(timeout) if _current else False


def shutdown(timeout: float = 5.0) -> bool:
    """Flush, put what is left in the spool and end; takes at most about ``timeout`` seconds.

    Called at interpreter exit by itself. OpenTelemetry's providers can be set only once in a
    process, so a later ``init`` does not start again.

    Returns:
        True when everything was acknowledged, False when something went to the spool.

    """
    return _current.shutdown(timeout) if _current else False


def open_spool(config: SdkConfig) -> Spool | None:
    """Open the spool, or warn and go on without one."""
    if config.spool_dir is None:
        return None
    try:
        return Spool(config.spool_dir, config.spool_bytes)
    except OSError as error:
        warn("spool", "batches are not kept on disk: %s", error)
        return None
