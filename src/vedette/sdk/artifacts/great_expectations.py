"""Validation results of Great Expectations, of 0.18 and of 1.x, as results of checks on a dataset.

A file is a validation result, or a checkpoint's with several of them; of a folder every ``.json``
below it that is one. An expectation that raised could not be checked: it is unknown, not violated.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.sdk.artifacts.findings import MAX_TEXT, DatasetResults, Findings, moment, read_json

GATE = "Great Expectations"
MAX_FILES = 10_000
MAX_SAMPLE = 20
_SEVERITIES = {"critical": "critical", "warning": "warning", "info": "warning"}
_LOW, _HIGH = ("min_value", "max_value")
_FULL = 100.0
Document = Mapping[str, Any]


def read_validations(path: Path, *, dataset: str = "", keep_rows: bool = False) -> Findings:
    """Return what validation results say.

    Args:
        path: a file, or a folder such as ``gx/uncommitted/validations``.
        dataset: the dataset that they are of; its asset's name where none is given.
        keep_rows: whether the unexpected values that a result shows are sent, too.

    Raises:
        InvalidInputError: there is no validation result.

    """
    found = Findings()
    for file in _files(path):
        document = read_json(file)
        for index, one in enumerate(_validations(document)):
            found.results.append(_results(one, f"{file.name}[{index}]", dataset, keep=keep_rows))
    if not found.results:
        raise InvalidInputError(
            f"{path} holds no validation result of Great Expectations",
            field="path",
            remedy="give a file of 'uncommitted/validations', or what result.to_json_dict() returns",
        )
    return found


def _files(path: Path) -> Sequence[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(path.rglob("*.json"))
    if len(files) > MAX_FILES:
        raise InvalidInputError(
            f"{path} has {len(files):,} files", field="path", remedy="import folders below it"
        )
    return files


def _validations(document: Document) -> Iterator[Document]:
    """Yield the validation results of a file: one, or those of a checkpoint's run."""
    runs = document.get("run_results")
    if isinstance(runs, Mapping):
        for one in runs.values():
            inner = one.get("validation_result", one) if isinstance(one, Mapping) else {}
            yield from _validations(inner)
    elif isinstance(document.get("results"), list) and isinstance(document.get("meta"), Mapping):
        yield document


def _results(document: Document, place: str, dataset: str, *, keep: bool) -> DatasetResults:
    meta = document["meta"]
    run = meta.get("run_id") if isinstance(meta.get("run_id"), Mapping) else {}
    time = meta.get("validation_time") or run.get("run_time")
    if time is None:
        raise InvalidInputError(
            "a validation result has no time",
            field=f"{place}.meta.validation_time",
            remedy="give it as Great Expectations wrote it",
        )
    suite = str(document.get("suite_name") or meta.get("expectation_suite_name") or "")
    asset = _asset(meta)
    results = [
        _result(one, f"{place}.results[{index}]", keep=keep)
        for index, one in enumerate(document["results"])
    ]
    rows = max((one.pop("rows") for one in results), default=0)
    text = json.dumps([meta, document["results"]], sort_keys=True, default=str)
    return DatasetResults(
        dataset=dataset or asset or suite or "great_expectations",
        run=hashlib.sha256(text.encode()).hexdigest()[:32],
        gate=" ".join(filter(None, (GATE, suite))),
        time=moment(time, field=f"{place}.meta.validation_time"),
        rows=rows or None,
        results=results,
        source=asset,
    )


def _asset(meta: Document) -> str:
    for name in ("active_batch_definition", "batch_spec", "batch_kwargs"):
        part = meta.get(name)
        if isinstance(part, Mapping) and (asset := part.get("data_asset_name")):
            return str(asset)
    return ""


def _result(one: object, place: str, *, keep: bool) -> dict[str, Any]:
    config = one.get("expectation_config") if isinstance(one, Mapping) else None
    if not isinstance(one, Mapping) or not isinstance(config, Mapping):
        raise InvalidInputError(
            "a result has no expectation_config",
            field=place,
            remedy="give the file as Great Expectations wrote it",
        )
    kind = str(config.get("type") or config.get("expectation_type") or "expectation")
    kwargs = _mapping(config.get("kwargs"))
    result = _mapping(one.get("result"))
    raised = _raised(_mapping(one.get("exception_info")))
    column = _column(kwargs)
    observed, expected = _numbers(kwargs, result)
    told = {k: v for k, v in kwargs.items() if k not in {"batch_id", "result_format"}}
    title = kind.removeprefix("expect_").replace("_", " ")
    notes = _mapping(config.get("meta")).get("notes") or config.get("notes")
    found: dict[str, Any] = {
        "check": {"check": kind, **told},
        "title": f"{title} ({column})" if column else title,
        "kind": kind,
        "column": column,
        "severity": _SEVERITIES.get(str(config.get("severity") or ""), "error"),
        "status": "unknown" if raised else "passed" if one.get("success") else "violated",
        "observed": observed,
        "expected": expected,
        "description": (raised or _description(result, notes))[:MAX_TEXT],
        "rows": int(_number(result.get("element_count")) or _row_count(kind, result)),
    }
    failing = _number(result.get("unexpected_count"))
    if failing is not None:
        found["failing"] = int(failing)
    if keep:
        found["sample"] = _sample(kwargs, result)
    return found


def _column(kwargs: Document) -> str:
    if isinstance(kwargs.get("column"), str):
        return str(kwargs["column"])
    pair = [kwargs[name] for name in ("column_A", "column_B") if name in kwargs]
    listed = pair or kwargs.get("column_list")
    return ", ".join(map(str, listed)) if isinstance(listed, list) else ""


def _numbers(kwargs: Document, result: Document) -> tuple[float | None, float | None]:
    """Return observed and expected: the share that holds, or the value and the bound it is to keep."""
    if (percent := _number(result.get("unexpected_percent"))) is not None:
        mostly = _number(kwargs.get("mostly"))
        return 1 - percent / _FULL, 1.0 if mostly is None else mostly
    observed = _number(result.get("observed_value"))
    low, high = (_number(kwargs.get(name)) for name in (_LOW, _HIGH))
    if observed is not None and high is not None and observed > high:
        return observed, high
    return observed, low if low is not None else high if high is not None else _number(
        kwargs.get("value")
    )


def _row_count(kind: str, result: Document) -> float:
    return (_number(result.get("observed_value")) or 0) if "table_row_count" in kind else 0


def _description(result: Document, notes: object) -> str:
    said = []
    if (failing := _number(result.get("unexpected_count"))) is not None:
        rows = _number(result.get("element_count")) or 0
        said.append(f"{failing:,.0f} of {rows:,.0f} rows are unexpected")
    elif "observed_value" in result:
        said.append(f"observed {json.dumps(result['observed_value'], default=str)[:300]}")
    if isinstance(notes, list):
        notes = " ".join(map(str, notes))
    if isinstance(notes, str) and notes:
        said.append(notes)
    return "; ".join(said)


def _raised(info: Document) -> str:
    """Return what was raised, empty where nothing was; 1.x has one of these a metric."""
    for one in (info, *info.values()):
        if isinstance(one, Mapping) and one.get("raised_exception"):
            return str(one.get("exception_message") or "it raised an exception")
    return ""


def _sample(kwargs: Document, result: Document) -> list[dict[str, Any]]:
    values = result.get("partial_unexpected_list")
    if not isinstance(values, list):
        return []
    names = [name.strip() for name in _column(kwargs).split(",")]
    return [
        dict(zip(names, one, strict=False)) if isinstance(one, list)
        else one if isinstance(one, dict) else {names[0] or "value": one}
        for one in values[:MAX_SAMPLE]
    ]  # fmt: skip


def _mapping(value: object) -> Document:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
