"""What sets two groups of spans apart, such as slow from fast or failed from good ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.telemetry.traces.filters import SpanFilter, where
from vedette.telemetry.traces.sampling import matching_spans

if TYPE_CHECKING:
    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner

SAMPLE = 20_000
MAX_DIFFERENCES = 200
MAX_VALUE_CHARACTERS = 200

_PAIRS = """
SELECT {side} AS selected, arrayJoin(arrayDistinct(arrayConcat(
    [('service', toString(ServiceName)), ('name', toString(SpanName)), ('kind', toString(SpanKind)),
        ('status', toString(StatusCode))],
    arrayMap((k, v) -> (toString(k), substringUTF8(v, 1, {characters})),
        mapKeys(SpanAttributes), mapValues(SpanAttributes)),
    arrayMap((k, v) -> (concat('resource.', k), substringUTF8(v, 1, {characters})),
        mapKeys(ResourceAttributes), mapValues(ResourceAttributes))))) AS pair
FROM @otel_traces
WHERE {where} AND SpanHash % {every} = 0
"""
# How surprising the difference of two shares is: the z value of the two-proportion test.
_COMPARE = """
SELECT
    pair.1 AS key, pair.2 AS value,
    countIf(selected = 1) AS selected_count, countIf(selected = 0) AS baseline_count,
    selected_count / {{selected:Float64}} AS selected_share,
    baseline_count / {{baseline:Float64}} AS baseline_share,
    (selected_count + baseline_count) / ({{selected:Float64}} + {{baseline:Float64}}) AS pooled,
    if(pooled >= 1, 0, (selected_share - baseline_share) / sqrt(
        pooled * (1 - pooled) * (1 / {{selected:Float64}} + 1 / {{baseline:Float64}}))) AS z
FROM ({sides})
GROUP BY pair
HAVING abs(z) > 1.96
ORDER BY abs(selected_share - baseline_share) DESC, key, value
LIMIT {{limit:UInt32}}
"""
_SIZE = "SELECT count() FROM @otel_traces WHERE {where} AND SpanHash % {every} = 0"


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is more, or less, frequent in one group.

    Attributes:
        key: ``service``, ``name``, ``kind``, ``status``, an attribute, or ``resource.`` and one of
            the resource.
        value: its value, cut to ``MAX_VALUE_CHARACTERS``.
        selected_share: share of the selected spans that have it, 0 to 1.
        baseline_share: share of the baseline's spans.
        z: of the two-proportion test; beyond +-1.96 chance is an unlikely reason.

    """

    key: str
    value: str
    selected_share: float
    baseline_share: float
    z: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two groups of spans compared.

    Attributes:
        differences: greatest difference of shares first.
        selected: selected spans.
        baseline: spans of the baseline.
        selected_sample: how many of the selected ones were looked at.
        baseline_sample: how many of the baseline's.

    """

    differences: tuple[Difference, ...]
    selected: int
    baseline: int
    selected_sample: int
    baseline_sample: int


def compare_spans(
    runner: QueryRunner,
    account: str,
    selected: tuple[TimeRange, SpanFilter],
    baseline: tuple[TimeRange, SpanFilter],
    *,
    limit: int = 50,
    query_id: str | None = None,
) -> Comparison:
    """Return the values whose shares differ between two groups of spans.

    About ``SAMPLE`` spans of each group are looked at, chosen by their hash: the same each time.
    """
    if not 1 <= limit <= MAX_DIFFERENCES:
        raise InvalidInputError(
            f"{limit} is not a number of rows", field="limit", remedy=f"give 1 to {MAX_DIFFERENCES}"
        )
    params: dict[str, object] = {"limit": limit}
    sides, counts, samples = [], [], []
    for side, (name, (time_range, span_filter)) in enumerate(
        (("baseline", baseline), ("selected", selected))
    ):
        count = matching_spans(runner, account, time_range, span_filter)
        every = max(1, -(-count // SAMPLE))
        condition = where(span_filter, time_range, prefix=f"{name}_")
        sample = count
        if every > 1:
            size = _SIZE.format(where=condition.sql, every=every)
            sample = int(runner.run(account, size, condition.params).scalar() or 0)
        sides.append(
            _PAIRS.format(
                side=side, where=condition.sql, every=every, characters=MAX_VALUE_CHARACTERS
            )
        )
        params |= condition.params
        params[name] = float(sample)
        counts.append(count)
        samples.append(sample)
    rows = []
    if all(samples):
        statement = _COMPARE.format(sides=" UNION ALL ".join(sides))
        rows = runner.run(account, statement, params, query_id=query_id).records()
    return Comparison(
        differences=tuple(
            Difference(
                row["key"], row["value"], row["selected_share"], row["baseline_share"], row["z"]
            )
            for row in rows
        ),
        selected=counts[1],
        baseline=counts[0],
        selected_sample=samples[1],
        baseline_sample=samples[0],
    )
