"""What a model does: binary or multiclass classification, regression, ranking; told, or inferred."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import Field

from vedette.core.bodies import Body
from vedette.core.errors import InvalidInputError
from vedette.models.production.relation import Scope, relation
from vedette.query import QueryRunner

Kind = Literal["binary", "multiclass", "regression", "ranking"]
MAX_CLASSES = 50
_LOOKED_AT = 20_000
_FEW = 12
_NEGATIVES = {
    "0",
    "no",
    "false",
    "negative",
    "n",
    "f",
    "-1",
    "good",
    "on_time",
    "stay",
    "none",
    "ok",
}
_LOOK = f"""
SELECT
    count() AS rows,
    groupUniqArrayArray({MAX_CLASSES * 2})(mapKeys(scores)) AS score_keys,
    groupUniqArray({MAX_CLASSES * 2})(class) AS classes,
    groupUniqArrayIf({MAX_CLASSES * 2})(actual, labelled) AS actuals,
    countIf(isFinite(value)) AS numeric, countIf(isFinite(value) AND value >= 0 AND value <= 1) AS unit,
    countIf(isFinite(value) AND value = floor(value)) AS whole,
    countIf(labelled) AS labels, countIf(labelled AND isFinite(actual_value)) AS numeric_labels,
    countIf(labelled AND isFinite(actual_value) AND actual_value = floor(actual_value)) AS whole_labels
FROM (SELECT * FROM ({{relation}}) ORDER BY time DESC LIMIT {_LOOKED_AT})
"""


class TaskBody(Body):
    """What a model does; what is left out is inferred from its predictions and labels."""

    kind: Kind | None = Field(default=None, description="binary, multiclass, regression or ranking")
    positive: str | None = Field(
        default=None,
        max_length=256,
        description="class whose score counts in binary classification",
    )
    threshold: float | None = Field(
        default=None,
        description="score from which on a prediction is positive; else its class counts",
    )
    group: str | None = Field(
        default=None,
        max_length=256,
        description="tag or feature that names the query of a ranked list",
    )
    k: int = Field(default=10, ge=1, le=1000, description="length of the list that is looked at")


@dataclass(frozen=True, slots=True)
class Task:
    """What a model does.

    Attributes:
        kind: of task.
        positive: the positive class, of binary ones.
        threshold: where scores are cut; None where the predicted class decides.
        classes: classes in order.
        scored: whether predictions have scores (probabilities).
        group: tag of the query, of ranking.
        k: length of the list.

    """

    kind: Kind
    positive: str = ""
    threshold: float | None = None
    classes: Sequence[str] = ()
    scored: bool = False
    group: str = ""
    k: int = 10

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "kind": self.kind, "positive": self.positive, "threshold": self.threshold,
            "classes": list(self.classes), "scored": self.scored, "group": self.group, "k": self.k,
        }  # fmt: skip


def find_task(runner: QueryRunner, account: str, scope: Scope, told: TaskBody) -> Task | None:
    """Return what a model does by what is told and by its newest predictions; None without any.

    Raises:
        InvalidInputError: a ranking without the name of its group.

    """
    sql, params = relation(scope)
    (row,) = runner.run(account, _LOOK.replace("{relation}", sql), params).records()
    if not row["rows"]:
        return None
    keys = sorted(row["score_keys"])[:MAX_CLASSES]
    classes = sorted({*row["classes"], *row["actuals"]} - {""})[: MAX_CLASSES * 2]
    kind: Kind = told.kind or _kind(row, keys, classes)
    if kind == "ranking":
        if not told.group:
            raise InvalidInputError(
                "a ranking needs the tag that names its queries",
                field="group",
                remedy="give it, such as query",
            )
        return Task("ranking", group=told.group, k=told.k)
    if kind == "regression":
        return Task("regression")
    named = (keys if len(keys) > 1 else classes)[:MAX_CLASSES]
    if kind == "multiclass":
        known = sorted({*named, *row["actuals"]} - {""})[:MAX_CLASSES]
        return Task("multiclass", classes=known, scored=len(keys) > 1)
    return _binary(row, keys, classes, told)


def _kind(  # noqa: PLR0911 - a decision a line
    row: dict[str, Any], keys: Sequence[str], classes: Sequence[str]
) -> Kind:
    if keys:
        return "binary" if len(keys) <= 2 else "multiclass"  # noqa: PLR2004 - two classes
    actuals = set(row["actuals"])
    if row["numeric"] < row["rows"]:
        return "binary" if len(classes) <= 2 else "multiclass"  # noqa: PLR2004 - two classes
    if row["labels"]:
        if actuals <= {"0", "1"} and row["unit"] == row["rows"]:
            return "binary"
        if row["numeric_labels"] < row["labels"]:
            return "binary" if len(actuals) <= 2 else "multiclass"  # noqa: PLR2004 - two classes
        whole = row["whole"] == row["rows"] and row["whole_labels"] == row["labels"]
        return "multiclass" if whole and len(classes) <= _FEW else "regression"
    if row["unit"] == row["rows"]:
        return "binary"
    return "multiclass" if row["whole"] == row["rows"] and len(classes) <= _FEW else "regression"


def _binary(
    row: dict[str, Any], keys: Sequence[str], classes: Sequence[str], told: TaskBody
) -> Task:
    probabilities = not keys and row["numeric"] == row["rows"] and row["whole"] < row["rows"]
    known = (
        sorted(set(row["actuals"]) - {""})
        if probabilities
        else (keys if len(keys) > 1 else classes)
    )
    if probabilities and not known:
        known = ["0", "1"]
    positive = told.positive
    if positive is None:
        positive = keys[0] if len(keys) == 1 else positive_of(known)
    positive = _written(positive)
    negatives = [name for name in known if name != positive] or [
        "0" if positive == "1" else "other"
    ]
    threshold = told.threshold
    if threshold is None and probabilities:
        threshold = 0.5
    # A threshold needs something to cut.
    scored = bool(keys) or probabilities
    return Task("binary", positive, threshold if scored else None, (negatives[0], positive), scored)


def positive_of(classes: Sequence[str]) -> str:
    """Return the class that is likely the positive one: not 0, no, false and the like; else the last."""
    if not classes:
        return "1"
    left = [name for name in classes if name.lower() not in _NEGATIVES]
    return left[-1] if left else classes[-1]


def _written(text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if math.isfinite(number) and number.is_integer() else text


def with_classes(task: Task, classes: Sequence[str]) -> Task:
    """Return the task with these classes."""
    return replace(task, classes=tuple(classes))
