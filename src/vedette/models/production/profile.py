"""Features and predictions as profiles, so that the one mechanism of drift compares them.

A window is profiled by the engine and stored like any dataset's, under ``model:NAME``. Where predictions
weigh differently, rows are taken again or left out by their weight, chosen by the prediction's id: a
profile counts rows, and so they stand for what was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vedette.core.time import TimeRange
from vedette.data.profile_rows import NewProfile
from vedette.data.profiles import Profiles
from vedette.data.profiling.columns import quoted
from vedette.data.profiling.run import profile_source
from vedette.data.profiling.sources import Source
from vedette.models.production.relation import Scope, relation
from vedette.query import QueryRunner

PREDICTION = "prediction"
MAX_FEATURES = 300
MAX_ROWS = 500_000
_NAMES = """
SELECT arraySort(groupUniqArrayArray(1000)(mapKeys(numbers))) AS numeric,
    arraySort(groupUniqArrayArray(1000)(mapKeys(texts))) AS textual,
    countIf(isFinite(value)) AS finite, count() AS captured, min(weight) != max(weight) AS uneven,
        avg(weight) AS mean
FROM (SELECT * FROM ({relation}))
"""
_AGAIN = "arrayJoin(range(toUInt32(floor(weight / {mean_weight:Float64} + cityHash64(id) % 1000000 / 1e6))))"


@dataclass(frozen=True, slots=True)
class _Engine:
    """The warehouse as what profiles: statements over one account's relation."""

    runner: QueryRunner
    account: str
    params: Mapping[str, Any]

    def rows(self, sql: str, parameters: Mapping[str, str], frame: Any = None) -> list[list[Any]]:  # noqa: ANN401, ARG002
        """See ``Engine.rows``."""
        limits = self.runner.bulk_limits(100_000)
        return [
            _listed(row) for row in self.runner.rows(self.account, sql, self.params, limits=limits)
        ]


def _listed(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a tuple, which the engine may write as an object, as a list."""
    if isinstance(value, dict):
        return [_listed(one) for one in value.values()]
    return [_listed(one) for one in value] if isinstance(value, list) else value


def dataset_of(model: str) -> str:
    """Return the name under which profiles of a model's predictions are kept."""
    return f"model:{model}"[:200]


def store_profile(
    profiles: Profiles, runner: QueryRunner, account: str, scope: Scope, window: TimeRange, *,
    profile_id: str, baseline: bool = False,
) -> int:  # fmt: skip
    """Profile a scope's features and predictions, store it, and return its number of rows.

    Args:
        profiles: stores it.
        runner: runs the statements.
        account: whose.
        scope: which predictions, or a reference.
        window: what the profile is about.
        profile_id: names it; one that is stored again replaces it.
        baseline: whether it is kept as a frozen baseline.

    """
    sql, params = relation(scope, labels=False)
    (names,) = runner.run(account, _NAMES.replace("{relation}", sql), params).records()
    if not names["captured"]:
        return 0
    texts = set(names["textual"])
    every = sorted({*names["numeric"], *texts})[:MAX_FEATURES]
    values = {**params, "mean_weight": names["mean"]}
    columns = []
    for index, name in enumerate(every):
        values[f"feature{index}"] = name
        key = f"{{feature{index}:String}}"
        if name in texts:
            number = f"if(mapContains(numbers, {key}), toString(numbers[{key}]), NULL)"
            expression = f"if(mapContains(texts, {key}), toNullable(texts[{key}]), {number})"
        else:
            expression = f"if(mapContains(numbers, {key}), toNullable(numbers[{key}]), NULL)"
        columns.append(f"{expression} AS {quoted(name)}")
    answer = "value" if names["finite"] == names["captured"] else "class"
    columns.append(f"{answer} AS {quoted(PREDICTION)}")
    again = f", {_AGAIN} AS vedette_again" if names["uneven"] else ""
    source = Source(
        f"(SELECT {', '.join(columns)} FROM (SELECT *{again} FROM ({sql}) ORDER BY cityHash64(id) LIMIT {MAX_ROWS}))",
        f"predictions of {scope.model}",
    )
    states = profile_source(_Engine(runner, account, values), source)
    rows = [state.as_dict() for state in states]
    profiles.store(
        account, dataset_of(scope.model),
        NewProfile(rows, window.start, window.end, profile_id=profile_id, baseline=baseline),
    )  # fmt: skip
    return int(names["captured"])
