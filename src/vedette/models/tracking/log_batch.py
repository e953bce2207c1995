"""What a run logs in one call: metrics, parameters and tags, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from vedette.models.context import Caller
from vedette.models.limits import (
    MAX_ENTITIES,
    MAX_METRICS,
    MAX_PARAMS_AND_TAGS,
    check_count,
)
from vedette.models.tracking import metric_points
from vedette.models.tracking.runs import (
    Metric,
    Pairs,
    Runs,
    check_params,
    check_tags,
    experiment_of_active,
    find_active_run,
    set_params,
    set_tags,
)


def log_batch(
    caller: Caller,
    run_id: str,
    metrics: Sequence[Metric] = (),
    params: Pairs = (),
    tags: Pairs = (),
) -> None:
    """Store metrics, parameters and tags of an active run in one transaction.

    Points of metrics are facts and leave no audit record; a call with parameters or tags leaves one.
    The same call again changes nothing.

    Raises:
        InvalidInputError: too many of something, a bad name, or a parameter that has another value.

    """
    check_count(metrics, MAX_METRICS, what="metrics")
    check_count(params, MAX_PARAMS_AND_TAGS, what="params")
    check_count(tags, MAX_PARAMS_AND_TAGS, what="tags")
    check_count([*metrics, *params, *tags], MAX_ENTITIES, what="metrics, params, and tags")
    metric_points.check_metrics(metrics)
    checked_params = check_params(params)
    checked_tags = check_tags(tags)
    if not (checked_params or checked_tags):
        _log_metrics(caller, run_id, metrics)
        return
    request = {"params": checked_params, "tags": checked_tags, "metrics": len(metrics)}
    with caller.change("LogRunBatch", request, [Runs(caller).resource(run_id)]) as change:
        row = find_active_run(change.session, caller.account, run_id)
        set_params(change.session, row, checked_params)
        set_tags(change.session, row, checked_tags)
        if metrics:
            metric_points.store(change.session, caller.account, row.experiment_id, row.id, metrics)


def _log_metrics(caller: Caller, run_id: str, metrics: Sequence[Metric]) -> None:
    # In the transaction that writes: one of them costs less than two, and the run stays as it was found.
    with caller.catalog.operate() as connection:
        experiment_id = experiment_of_active(connection, caller.account, run_id)
        if metrics:
            metric_points.store(connection, caller.account, experiment_id, run_id, metrics)
