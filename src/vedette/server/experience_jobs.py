"""Scheduled work about what users meet: objectives, synthetic checks."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from vedette.experience.slo import evaluator as slo
from vedette.experience.slo.service import KIND as SLOS
from vedette.experience.synthetic import runs as synthetic
from vedette.experience.synthetic.runs import SyntheticRunner, SyntheticRuns
from vedette.experience.synthetic.service import KIND as SYNTHETIC
from vedette.telemetry.emit import MetricEmitter, MetricPoint
from vedette.web.experience import make_slo_counts, make_slos, make_synthetic

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from vedette.scheduler import Scheduler
    from vedette.web.services import Services


def add(scheduler: Scheduler, services: Services, loop: asyncio.AbstractEventLoop | None) -> None:
    """Add the handlers; without a loop they emit nothing."""
    emitter = MetricEmitter(services.ingest, loop) if loop else None
    objectives = slo.Evaluator(
        services.catalog,
        make_slos(services),
        make_slo_counts(services),
        services.runner,
        partial(_emit, emitter, slo.SCOPE) if emitter else None,
    )
    scheduler.handle(SLOS, objectives.handle, lease=timedelta(minutes=2), batch=5)
    checks = SyntheticRunner(
        make_synthetic(services),
        SyntheticRuns(services.warehouse, services.runner),
        services.synthetic_guard,
        partial(_emit, emitter, synthetic.SCOPE) if emitter else None,
    )
    scheduler.handle(SYNTHETIC, checks.handle, lease=timedelta(minutes=5), batch=20)


def _emit(
    emitter: MetricEmitter,
    scope: str,
    account: str,
    points: Sequence[MetricPoint],
    batch: str,
) -> None:
    emitter.emit_blocking(account, points, scope=scope, batch=batch)
