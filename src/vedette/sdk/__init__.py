"""The client side: ``init``, ``flush`` and ``shutdown``.

Rules that every module here keeps: never block the user's job, never raise into it (only a wrong
argument raises), bound every queue, and never write a key to a log. Heavy imports happen inside
``init``, so that ``import vedette`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from vedette.data.checks.result import CheckReport
    from vedette.sdk.capturing import PredictionMiddleware, capture, log_labels, log_predictions
    from vedette.sdk.client import Handle
    from vedette.sdk.data import Drift, Profile

__all__ = [
    "PredictionMiddleware",
    "attributions",
    "capture",
    "check",
    "drift",
    "flush",
    "init",
    "kpi",
    "log_labels",
    "log_predictions",
    "log_reference",
    "pipeline",
    "profile",
    "shutdown",
    "task",
]
_CAPTURING = ("PredictionMiddleware", "capture", "log_labels", "log_predictions")


def __getattr__(name: str) -> object:
    """Import what captures predictions when it is first used: importing vedette must stay cheap."""
    if name not in _CAPTURING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from vedette.sdk import capturing  # noqa: PLC0415 - see above

    return getattr(capturing, name)


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


def profile(
    data: Any,  # noqa: ANN401 - a frame of any library, or a name
    dataset: str | None = None,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    columns: Sequence[str] | None = None,
    segment_by: Sequence[str] = (),
    time_column: str | None = None,
    period: str = "1d",
    profile_id: str = "",
    baseline: str | None = None,
    keep_rows: int = 0,
    endpoint: str | None = None,
    api_key: str | None = None,
    memory_bytes: int = 2 << 30,
    progress: Callable[[float | None, str], None] | None = None,
) -> Profile:
    """Profile data where it is, and send the aggregate states to a dataset.

    No rows are sent, unless ``keep_rows`` asks for some.

    Needs ``pip install 'vedette[profile]'``.

    Args:
        data: a pandas or Polars frame, an Arrow table, a path, or a URL such as
            ``s3://bucket/x.parquet`` or ``postgresql://user:password@host/database/table``.
        dataset: where the profile belongs; None only returns it.
        start: first moment that the data is about; a second before ``end`` if not given.
        end: the moment after it; now if not given.
        columns: only these columns.
        segment_by: up to 5 columns; every combination of their values is a segment.
        time_column: puts rows into windows by this column instead of one window.
        period: length of such a window.
        profile_id: a profile that is sent again with the same id replaces the earlier one.
        baseline: store it as a frozen baseline of this name, such as ``model:churn/3``.
        keep_rows: so many rows of each window, drawn at random, are sent and kept, to be looked at
            beside drift; up to 1,000 in all.
        endpoint: server, as in ``init``.
        api_key: key, as in ``init``.
        memory_bytes: most memory that the engine may use.
        progress: called with the share that is done, or None, and what goes on.

    Returns:
        The profile; ``sent`` tells whether the server has it. A notebook shows it as a table.

    Raises:
        InvalidInputError: the data cannot be read, or the server refused the profile.

    """
    from vedette.sdk import data as local  # noqa: PLC0415 - importing vedette must stay cheap

    return local.profile(
        data,
        dataset=dataset,
        start=start,
        end=end,
        columns=columns,
        segment_by=segment_by,
        time_column=time_column,
        period=period,
        profile_id=profile_id,
        baseline=baseline,
        keep_rows=keep_rows,
        endpoint=endpoint,
        api_key=api_key,
        memory_bytes=memory_bytes,
        progress=progress,
    )


def drift(
    reference: Any,  # noqa: ANN401 - a frame of any library, a name or a profile
    current: Any,  # noqa: ANN401 - as reference
    preset: str = "vedette",
    *,
    exact: bool = False,
    columns: Sequence[str] | None = None,
    memory_bytes: int = 2 << 30,
    progress: Callable[[float | None, str], None] | None = None,
    **settings: Any,  # noqa: ANN401 - fields of Settings
) -> Drift:
    """Compare two sets of data column by column, here; nothing is sent.

    Args:
        reference: what it should be like: as ``data`` of ``profile``, or a profile.
        current: what it is like.
        preset: ``vedette``, ``evidently``, ``sagemaker`` or ``nannyml``.
        exact: reads every value, so that distances have no sketch's error.
        columns: only these columns.
        memory_bytes: most memory that the engine may use.
        progress: as in ``profile``.
        **settings: fields of ``vedette.data.drift.presets.Settings``, such as ``threshold``.

    Returns:
        The comparison: ``drifted``, ``report``, ``to_html``; a notebook shows it.

    """
    from vedette.data.drift.presets import Settings  # noqa: PLC0415 - importing must stay cheap
    from vedette.sdk import data as local  # noqa: PLC0415 - as above

    return local.drift(
        reference,
        current,
        settings=Settings(preset, **settings),
        exact=exact,
        columns=columns,
        memory_bytes=memory_bytes,
        progress=progress,
    )


def pipeline(name: str | Callable[..., Any] = "", **options: Any) -> Any:  # noqa: ANN401 - see below
    """Tell of a pipeline's runs: before a function with or without arguments, or with ``with``.

    ``@vedette.pipeline``, ``@vedette.pipeline("nightly")`` and
    ``with vedette.pipeline("nightly") as run:`` make a span and events of OpenLineage of each run;
    tasks inside belong to it. Functions may be async. Never blocks, and raises only for a wrong
    argument.

    Args:
        name: the pipeline's name; a function's own where it is not given.
        options: ``reads`` and ``writes`` (datasets: plain names, paths or URLs), ``owners``,
            ``tags``, ``description``, ``partition`` (which part of the data), ``scheduled`` (the
            moment, or start and end, that the run is about), ``namespace``, ``retries``,
            ``retry_delay`` in seconds, ``retry_on``.

    """
    return _activity("pipeline", name, options)


def task(name: str | Callable[..., Any] = "", **options: Any) -> Any:  # noqa: ANN401 - see below
    """Tell of a task of a pipeline, as ``pipeline`` does.

    In ``with vedette.task("load") as task:`` say what was moved: ``task.write("orders", frame)``,
    ``task.read("s3://bucket/x.parquet", rows=10)``, or ``task.rows_out = 10``. A decorated function's
    first argument and result are told where they are frames; each retry is an attempt of its own.
    """
    return _activity("task", name, options)


def _activity(kind: str, name: str | Callable[..., Any], options: dict[str, Any]) -> Any:  # noqa: ANN401
    from vedette.core.errors import InvalidInputError  # noqa: PLC0415 - importing must stay cheap
    from vedette.sdk.pipelines import Scope  # noqa: PLC0415 - as above

    try:
        if callable(name):
            return Scope(kind, name.__name__, **options)(name)
        if name:
            return Scope(kind, name, **options)
        return lambda function: Scope(kind, function.__name__, **options)(function)
    except TypeError as error:
        raise InvalidInputError(f"{kind}: {error}", field="options") from error


def check(
    data: Any,  # noqa: ANN401 - a frame of any library, or a name
    checks: Any,  # noqa: ANN401 - a path, or a list
    *,
    baseline: Any = None,  # noqa: ANN401 - as data
    raise_on: str | None = "error",
    sample: int = 5,
    dataset: str | None = None,
    keep_rows: bool = False,
    endpoint: str | None = None,
    api_key: str | None = None,
    memory_bytes: int = 2 << 30,
    progress: Callable[[float | None, str], None] | None = None,
) -> CheckReport:
    """Check data where it is; a gate of a pipeline.

    Args:
        data: as in ``profile``.
        checks: path of a YAML or JSON file, or a list such as
            ``[{"check": "range", "column": "age", "min": 0}]``.
        baseline: data or a profile that drift is measured against.
        raise_on: the least severity that raises: ``warning``, ``error`` or ``critical``; None
            never raises.
        sample: failing rows that are shown of each check.
        dataset: where the results are kept on the server; None keeps them here.
        keep_rows: whether the failing rows that are shown are sent with them.
        endpoint: server, as in ``init``.
        api_key: key, as in ``init``.
        memory_bytes: most memory that the engine may use.
        progress: as in ``profile``.

    Raises:
        CheckFailedError: a check of that severity is violated; ``report`` has all results.
        InvalidInputError: the data or the checks cannot be read.

    """
    from vedette.sdk import data as local  # noqa: PLC0415 - importing vedette must stay cheap

    return local.check(
        data,
        checks,
        baseline=baseline,
        raise_on=raise_on,
        sample=sample,
        dataset=dataset,
        keep_rows=keep_rows,
        endpoint=endpoint,
        api_key=api_key,
        memory_bytes=memory_bytes,
        progress=progress,
    )


def kpi(
    name: str,
    value: float,
    *,
    unit: str = "1",
    time: datetime | None = None,
    dimensions: Mapping[str, str] | None = None,
) -> None:
    """Send a value of a KPI; never waits, and does nothing before ``init``.

    Args:
        name: the KPI, such as ``orders.revenue``.
        value: its value.
        unit: such as ``EUR``.
        time: start of the period that the value is of; now where None. A value of the same moment
            and dimensions corrects the one before.
        dimensions: such as ``{"region": "eu"}``.

    Raises:
        InvalidInputError: the value is not finite.

    """
    from vedette.sdk import client  # noqa: PLC0415 - importing vedette must stay cheap
    from vedette.sdk.kpi_values import encode  # noqa: PLC0415 - as above

    handle = client.current()
    service = handle.config.service_name if handle else ""
    body = encode(name, value, unit=unit, moment=time, dimensions=dimensions, service=service or "")
    if handle is not None:
        handle.submit("metrics", body, 1)


def log_reference(
    model: str,
    version: str | int,
    predictions: Any,  # noqa: ANN401 - a value, a sequence or an array of them
    features: Any,  # noqa: ANN401 - a list of mappings, a data frame, rows of an array
    labels: Any = None,  # noqa: ANN401 - as predictions
    *,
    name: str = "reference",
    scores: Any = None,  # noqa: ANN401 - a mapping or a list of them
    attributions: Any = None,  # noqa: ANN401 - likewise
    ids: Sequence[str] | None = None,
    sample: float = 1.0,
    drop: Sequence[str] = (),
    hash: Sequence[str] = (),  # noqa: A002 - what it does
    tags: Mapping[str, str] | None = None,
    endpoint: str | None = None,
    api_key: str | None = None,
) -> int:
    """Send what a version of a model was trained or validated on, with its answers and what was true.

    Windows in production are compared with it, and performance before labels come is estimated from it.
    Waits for the server. Logged again, rows with the same ids take the place of those before.

    Args:
        model: the registered model's name.
        version: the model's version.
        predictions: what the model answered for each row.
        features: the rows: dicts, a data frame, or an array.
        labels: what was true of each row.
        name: of the reference, for a version that has several.
        scores: probabilities by class, one mapping for each row.
        attributions: what each feature contributed, such as ``vedette.attributions`` returns.
        ids: an id for each row; by number where they are not given.
        sample: share that is kept, which weighs its inverse.
        drop: features that never leave the process.
        hash: features that leave it as a keyed hash (the key is ``VEDETTE_HASH_SALT``).
        tags: texts by name.
        endpoint: server, as in ``init``.
        api_key: key, as in ``init``.

    Returns:
        The number of rows that were sent.

    Raises:
        InvalidInputError: an argument is wrong, or the server did not store it.

    """
    from vedette.sdk import references  # noqa: PLC0415 - importing vedette must stay cheap
    from vedette.sdk.predictions import Capture  # noqa: PLC0415 - as above

    what = Capture(
        model, str(version), "", sample, frozenset(drop), frozenset(hash), dict(tags or {})
    )
    return references.log_reference(
        what, predictions, features, labels, name=name, scores=scores, attributions=attributions,
        ids=ids, endpoint=endpoint, api_key=api_key,
    )  # fmt: skip


def attributions(
    model: Any,  # noqa: ANN401 - a model of any library, or a function
    data: Any,  # noqa: ANN401 - a frame or an array
    *,
    background: Any = None,  # noqa: ANN401 - as data
    method: str = "auto",
    orders: int = 10,
    seed: int = 0,
) -> list[dict[str, float]]:
    """Return what each feature contributed to a model's answer, for each row: Shapley values.

    They are for ``attributions=`` of ``log_predictions`` and ``log_reference``. By the package ``shap``
    where it is installed, else by sampling orders of features, which asks the model ``orders`` times the
    number of features and one more.

    Args:
        model: with ``predict_proba`` (the last class is explained) or ``predict``, or a function of rows.
        data: the rows: a data frame, dicts, or an array.
        background: rows that stand for an unknown feature; the data itself where None.
        method: ``auto``, ``shap`` or ``sampling``.
        orders: of features, for ``sampling``; more are more exact.
        seed: of the sampling.

    Raises:
        InvalidInputError: an argument is wrong.
        UnavailableError: ``shap`` is asked for and not installed.

    """
    from vedette.sdk import shapley  # noqa: PLC0415 - importing vedette must stay cheap

    return shapley.attributions(
        model, data, background=background, method=method, orders=orders, seed=seed
    )
