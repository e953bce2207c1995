"""Evaluation datasets and scorers as the API shows them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from vedette.api.models import View


class EvaluationExperimentView(View):
    """An experiment that a dataset or scorer is for."""

    id: str
    name: str


class EvaluationDatasetView(View):
    """A dataset that models are evaluated on, without its records."""

    id: str
    name: str
    digest: str = Field(description="changes with the records")
    records: int
    tags: dict[str, str]
    experiments: list[EvaluationExperimentView]
    columns: dict[str, dict[str, str]] = Field(
        description="types by name, of inputs, outputs and expectations"
    )
    created_ms: int
    updated_ms: int
    created_by: str
    updated_by: str


class EvaluationDatasetPageView(View):
    """A page of evaluation datasets."""

    datasets: list[EvaluationDatasetView]
    cursor: str | None


class EvaluationRecordView(View):
    """Inputs, and what is expected of the answer to them."""

    id: str
    inputs: dict[str, Any]
    outputs: Any
    expectations: dict[str, Any]
    tags: dict[str, Any]
    source_type: str = Field(description="TRACE, HUMAN, DOCUMENT, CODE or UNSPECIFIED")
    source_id: str | None = Field(description="of a trace, the trace's id")
    source: dict[str, Any] = Field(description="what its client says of where it came from")
    created_ms: int
    updated_ms: int
    created_by: str
    updated_by: str


class EvaluationRecordPageView(View):
    """A page of records; it has fewer where they are long."""

    records: list[EvaluationRecordView]
    cursor: str | None


class ScorerView(View):
    """A scorer of an experiment, by its latest version."""

    id: str
    name: str
    experiment: EvaluationExperimentView
    version: int
    versions: int
    created_ms: int
    updated_ms: int


class ScorerPageView(View):
    """A page of scorers."""

    scorers: list[ScorerView]
    cursor: str | None


class ScorerVersionView(View):
    """A version of a scorer."""

    version: int
    kind: str = Field(description="judge, aligned judge, built-in, code, third party or ensemble")
    description: str
    model: str
    text: str = Field(description="its instructions or code, the beginning of it")
    truncated: bool
    created_ms: int


class ScorerVersionsView(View):
    """Versions of a scorer, the newest first."""

    name: str
    experiment: EvaluationExperimentView
    versions: list[ScorerVersionView]
    before: int | None = Field(description="asks for the versions before these, where there are")
