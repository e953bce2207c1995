"""What is found in a window of a model's predictions, and whether it violates."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.time import TimeRange
from vedette.data.drift.compare import compare
from vedette.data.profiles import Profiles, Selection
from vedette.models.production.estimator import Estimators
from vedette.models.production.facets import measure_bias
from vedette.models.production.overview import attributions
from vedette.models.production.performance import HIGHER_IS_BETTER, measure
from vedette.models.production.profile import dataset_of, store_profile
from vedette.models.production.relation import Scope, relation
from vedette.models.production.slices import find_slices
from vedette.models.production.task import Task
from vedette.models.production.windows import Windows, count_windows
from vedette.monitors.evaluator import drift_results
from vedette.monitors.models.definition import QualityThreshold
from vedette.monitors.models.service import ModelMonitor
from vedette.monitors.results import Result
from vedette.query import QueryRunner
from vedette.statistics.bias import NO_BIAS, further_from_none
from vedette.statistics.estimate import Estimate

OK, VIOLATED, UNKNOWN = "ok", "violated", "unknown"


class Judge:
    """Measures windows. Thread-safe; every method blocks its thread."""

    def __init__(self, runner: QueryRunner, profiles: Profiles, estimators: Estimators) -> None:
        self._runner = runner
        self._profiles = profiles
        self._estimators = estimators

    def window(
        self, monitor: ModelMonitor, window: TimeRange, task: Task | None
    ) -> Iterator[Result]:
        """Yield all that is found in a window; the whole first, then its segments."""
        spec = monitor.spec
        for segment in ((), *(tuple(one) for one in spec.segments)):
            names = {"filter": " and ".join(segment)} if segment else {}
            scope = spec.scope(window, segment)
            enough = yield from self._counts(monitor, scope, names)
            if task is None or not enough:
                continue
            yield from self._quality(monitor, scope, task, names)
            if segment:
                continue
            if spec.drift:
                yield from self._drift(monitor, scope, window)
            yield from self._bias(monitor, scope, task)
            if spec.attribution:
                yield from self._attribution(monitor, scope)
            if spec.slices and task.kind != "ranking":
                yield from self._slices(monitor, scope, task)

    def _counts(
        self, monitor: ModelMonitor, scope: Scope, names: Mapping[str, str]
    ) -> Generator[Result, None, bool]:
        """Yield what is counted; return whether the rows are enough to judge by."""
        sql, params = relation(scope)
        found = count_windows(
            self._runner, monitor.account, Windows().keyed(sql, params), params, Windows()
        )
        one = found.get(0)
        rows = one.rows if one else 0
        yield Result("window", "rows", OK if rows else "no data", segment=names, value=float(rows))
        if one:
            yield Result("window", "predictions", OK, segment=names, value=one.predictions)
            yield Result("window", "coverage", OK, segment=names, value=one.coverage)
        return rows >= monitor.spec.min_rows

    def _quality(
        self, monitor: ModelMonitor, scope: Scope, task: Task, names: Mapping[str, str]
    ) -> Iterator[Result]:
        spec, account = monitor.spec, monitor.account
        sql, params = relation(scope)
        source = Windows().keyed(sql, params)
        realised = measure(self._runner, account, source, params, task).get(0)
        reference = spec.reference_scope()
        estimated: Mapping[str, Estimate] = {}
        expected: Mapping[str, Estimate] = {}
        if reference is not None:
            estimator = self._estimators.get(account, reference, task)
            if estimator is not None:
                estimated = estimator.windows(self._runner, account, source, params, task, 1).get(
                    0, {}
                )
            base_sql, base_params = relation(reference)
            base = measure(
                self._runner, account, Windows().keyed(base_sql, base_params), base_params, task
            ).get(0)
            expected = base.metrics if base else {}
        for of, metrics in (
            ("realised", realised.metrics if realised else {}),
            ("estimated", estimated),
        ):
            family = "quality" if of == "realised" else "estimate"
            for name, one in metrics.items():
                if math.isfinite(one.value):
                    yield _judged(
                        family, name, one, expected.get(name), _rule(spec.quality, name, of), names
                    )

    def _drift(self, monitor: ModelMonitor, scope: Scope, window: TimeRange) -> Iterator[Result]:
        spec, account = monitor.spec, monitor.account
        reference = spec.reference_scope()
        assert spec.drift is not None and reference is not None  # noqa: S101, PT018 - check() saw to it
        dataset = dataset_of(spec.model)
        known = f"{monitor.id}/{_key(reference)}"
        baseline = Selection(dataset, window, baseline=known)
        before = self._profiles.read(account, baseline)
        if not before:
            store_profile(
                self._profiles,
                self._runner,
                account,
                reference,
                window,
                profile_id=known,
                baseline=True,
            )
            before = self._profiles.read(account, baseline)
        current = f"{monitor.id}/{window.start.isoformat()}"
        store_profile(self._profiles, self._runner, account, scope, window, profile_id=current)
        after = self._profiles.read(account, Selection(dataset, window, profile=current))
        if before and after:
            yield from drift_results(compare(before, after, spec.drift.settings()), {})

    def _bias(self, monitor: ModelMonitor, scope: Scope, task: Task) -> Iterator[Result]:
        spec, account = monitor.spec, monitor.account
        for facet in spec.bias:
            try:
                found = measure_bias(self._runner, account, scope, task, facet)
            except (InvalidInputError, NotFoundError) as error:
                yield Result("bias", "all", UNKNOWN, facet.facet, description=error.message)
                continue
            base: Mapping[str, float | None] = {}
            if (reference := spec.reference_scope()) is not None:
                try:
                    told = measure_bias(self._runner, account, reference, task, facet)
                    base = {**told["pre_training"], **told["post_training"]}
                except (InvalidInputError, NotFoundError):
                    base = {}
            for name, value in {**found["pre_training"], **found["post_training"]}.items():
                if value is None:
                    continue
                before, status = base.get(name), OK
                if (
                    before is not None
                    and name in spec.bias_metrics
                    and further_from_none(name, value, before)
                ):
                    status = VIOLATED
                yield Result(
                    "bias", name, status, facet.facet, value=value, threshold=before,
                    description=f"{name} is {value:.4g}; no bias is {NO_BIAS.get(name, 0):g}"
                    + (f", the reference's is {before:.4g}" if before is not None else ""),
                )  # fmt: skip

    def _attribution(self, monitor: ModelMonitor, scope: Scope) -> Iterator[Result]:
        try:
            found = attributions(
                self._runner, monitor.account, scope, monitor.spec.reference_scope()
            )
        except NotFoundError as error:
            yield Result("attribution", "ndcg", UNKNOWN, description=error.message)
            return
        if found["ndcg"] is not None:
            yield Result(
                "attribution", "ndcg", VIOLATED if found["violated"] else OK, value=found["ndcg"], threshold=0.9,
                description=f"features rank as in the reference to {found['ndcg']:.3f}",
                details={"features": found["features"][:50]},
            )  # fmt: skip

    def _slices(self, monitor: ModelMonitor, scope: Scope, task: Task) -> Iterator[Result]:
        found = find_slices(self._runner, monitor.account, scope, task, limit=10)
        yield Result(
            "slices", "found", OK, value=float(len(found["slices"])),
            description=f"{len(found['slices'])} of {found['looked_at']} segments are worse than the rest",
            details={"slices": found["slices"]},
        )  # fmt: skip


def _key(reference: Scope) -> str:
    if reference.range is not None:
        return f"{reference.version}/{reference.range.start.isoformat()}/{reference.range.end.isoformat()}"
    return f"{reference.version}/{reference.reference}"


def _rule(rules: Sequence[QualityThreshold], name: str, of: str) -> QualityThreshold | None:
    return next((one for one in rules if one.metric == name and one.of in {of, "either"}), None)


def _judged(
    family: str,
    name: str,
    one: Estimate,
    before: Estimate | None,
    rule: QualityThreshold | None,
    names: Mapping[str, str],
) -> Result:
    """Return a metric as a result; without a rule it is only told."""
    status, bound, why = OK, None, f"{name} is {one.value:.4g}"
    higher = HIGHER_IS_BETTER.get(name, True)
    if rule is not None:
        low, high = rule.min, rule.max
        if rule.change is not None and before is not None:
            low = before.value - rule.change if higher else low
            high = before.value + rule.change if not higher else high
        if low is None and high is None and rule.change is None and before is not None:
            # Its interval lies wholly on the bad side of what the reference had.
            worse = one.high < before.value if higher else one.low > before.value
            status, bound = (VIOLATED if worse else OK), before.value
        elif low is not None and one.value < low:
            status, bound = VIOLATED, low
        elif high is not None and one.value > high:
            status, bound = VIOLATED, high
        else:
            bound = low if low is not None else high
    if before is not None and math.isfinite(before.value):
        why += f", {before.value:.4g} in the reference"
    if bound is not None:
        why += f"; the bound is {bound:.4g}"
    return Result(
        family, name, status, segment=names, value=one.value, threshold=bound, description=why,
        details=one.as_dict(),
    )  # fmt: skip
