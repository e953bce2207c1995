"""What SageMaker's data capture holds: rows of inputs, and the answers to them.

Inputs and answers of the built-in algorithms are in their common formats:
https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-inference.html
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Sequence
from typing import Any

_LABELS = ("predicted_label", "prediction", "label", "closest_cluster")
_SCORES = ("score", "scores", "probabilities", "probability")
_SUM_ERROR = 0.01


def input_rows(part: dict[str, Any], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return features by name, of each row that an endpoint was asked about."""
    if not _is_json(part):
        return [_named([_number(v) for v in row], columns) for row in _csv_rows(part)]
    return [
        item if isinstance(item, dict) else _named([_number(v) for v in item], columns)
        for item in map(_features, _items(part, "instances"))
    ]


def outputs(part: dict[str, Any], rows: int) -> list[dict[str, Any]]:
    """Return what was answered to each row: a prediction, scores by class, or both.

    Raises:
        ValueError: there are more or fewer answers than rows, or an answer cannot be told.

    """
    found = _items(part, "predictions") if _is_json(part) else _csv_answers(part, rows)
    # One list of numbers to one row is the classes' probabilities, not that many answers.
    if len(found) != rows and rows == 1:
        found = [found]
    if len(found) != rows:
        raise ValueError(f"{rows} rows of input have {len(found)} answers")
    return [_answer(item) for item in found]


def values(part: dict[str, Any]) -> list[Any]:
    """Return the values of ground truth, which is one, or one for each row of a request."""
    if _is_json(part):
        return _items(part, "predictions")
    return [_number(value) for row in _csv_rows(part) for value in row]


def _is_json(part: dict[str, Any]) -> bool:
    return part.get("encoding") == "JSON" or "json" in part.get("observedContentType", "")


def _text(part: dict[str, Any]) -> str:
    data: str = part["data"]
    return base64.b64decode(data).decode() if part.get("encoding") == "BASE64" else data


def _csv_rows(part: dict[str, Any]) -> list[list[str]]:
    return [row for row in csv.reader(io.StringIO(_text(part))) if row]


def _csv_answers(part: dict[str, Any], rows: int) -> list[Any]:
    found = [[_number(value) for value in row] for row in _csv_rows(part)]
    # Some containers answer many rows in one line.
    if len(found) == 1 and rows > 1:
        return list(found[0])
    return [row[0] if len(row) == 1 else row for row in found]


def _items(part: dict[str, Any], member: str) -> list[Any]:
    if "jsonlines" in part.get("observedContentType", ""):
        return [json.loads(line) for line in _text(part).splitlines() if line.strip()]
    document = json.loads(_text(part))
    if isinstance(document, dict):
        for name in (member, member.removesuffix("s")):
            if isinstance(document.get(name), list):
                return list(document[name])
    return document if isinstance(document, list) else [document]


def _features(instance: Any) -> Any:  # noqa: ANN401 - JSON
    """Return what an instance holds: its features, which SageMaker's format puts some levels down."""
    for member in ("data", "features", "values"):
        if isinstance(instance, dict) and isinstance(instance.get(member), (dict, list)):
            instance = instance[member]
    return instance


def _answer(item: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    if isinstance(item, dict):
        return _answer_of_members(item)
    if not isinstance(item, list):
        return {"prediction": item}
    if len(item) == 1:
        return _answer(item[0])
    scores = _as_scores(item)
    if scores is None:
        raise ValueError(
            f"an answer of {len(item)} values that are not the probabilities of classes"
        )
    return {"scores": scores}


def _answer_of_members(item: dict[str, Any]) -> dict[str, Any]:
    label = next((item[name] for name in _LABELS if name in item), None)
    score = next((item[name] for name in _SCORES if name in item), None)
    if label is None and score is None:
        raise ValueError(f"an answer without {', '.join((*_LABELS, *_SCORES))}")
    answer = {} if label is None else {"prediction": label}
    if isinstance(score, dict):
        return answer | {"scores": score}
    if isinstance(score, list):
        scores = _as_scores(score)
        return answer if scores is None else answer | {"scores": scores}
    if label is None:
        return {"prediction": score}
    # Of a binary classifier it is the probability of 1; with any other label nobody can tell.
    if score is not None and label in (0, 1) and 0 <= score <= 1:
        answer["scores"] = {"0": 1 - score, "1": score}
    return answer


def _as_scores(items: list[Any]) -> dict[str, float] | None:
    """Return probabilities by the number of their class, where that is what the values are."""
    numbers = [item for item in items if isinstance(item, (int, float)) and 0 <= item <= 1]
    if len(numbers) != len(items) or not items or abs(sum(numbers) - 1) > _SUM_ERROR:
        return None
    return {str(place): float(value) for place, value in enumerate(numbers)}


def _named(items: Sequence[Any], columns: Sequence[str]) -> dict[str, Any]:
    return {columns[n] if n < len(columns) else f"f{n}": value for n, value in enumerate(items)}


def _number(text: Any) -> Any:  # noqa: ANN401 - a number or a text
    try:
        return float(text)
    except (TypeError, ValueError):
        return text
