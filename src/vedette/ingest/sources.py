"""What can be ingested: each source is a wire format, its landing table and where its rows end up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """How a body of one wire format is inserted.

    Attributes:
        signal: ``traces``, ``logs``, ``metrics``, ``predictions``, ``labels``, ``references`` or ``lineage``.
        table: table of engine Null that the body is inserted into.
        schema: name of the protobuf schema that decodes the enveloped body.
        stored: fact tables that its rows end in, in the order of the bits of ``stored`` in the
            envelope; none where a row that is stored twice falls together with its first.

    """

    signal: str
    table: str
    schema: str
    stored: tuple[str, ...]


_PREDICTION_EVENTS = (b"vedette.prediction", b"vedette.label")
_METRIC_TABLES = (
    "otel_metrics_gauge",
    "otel_metrics_sum",
    "otel_metrics_histogram",
    "otel_metrics_exponential_histogram",
    "otel_metrics_summary",
)


class Source(Enum):
    """The wire formats."""

    OTLP_TRACES = SourceSpec("traces", "ingest_traces", "traces", ("otel_traces",))
    OTLP_LOGS = SourceSpec("logs", "ingest_logs", "logs", ("otel_logs",))
    OTLP_PREDICTION_LOGS = SourceSpec(
        "logs", "ingest_prediction_logs", "logs", ("otel_logs", "predictions", "prediction_labels")
    )
    OTLP_METRICS = SourceSpec("metrics", "ingest_metrics", "metrics", _METRIC_TABLES)
    REMOTE_WRITE = SourceSpec("metrics", "ingest_remote_write", "remote_write", _METRIC_TABLES[:2])
    LOG_LINES = SourceSpec("logs", "ingest_log_lines", "lines", ("otel_logs",))
    PREDICTIONS = SourceSpec("predictions", "ingest_predictions", "lines", ("predictions",))
    LABELS = SourceSpec("labels", "ingest_labels", "lines", ("prediction_labels",))
    LINEAGE = SourceSpec("lineage", "ingest_lineage", "lines", ())
    REFERENCES = SourceSpec("references", "ingest_references", "lines", ("prediction_references",))
    LOG_DOCUMENTS = SourceSpec("logs", "ingest_log_documents", "lines", ("otel_logs",))

    def of(self, data: bytes) -> Source:
        """Return the source of a body: logs that may hold predictions or labels have their own."""
        if self is Source.OTLP_LOGS and any(event in data for event in _PREDICTION_EVENTS):
            return Source.OTLP_PREDICTION_LOGS
        return self

    @property
    def signal(self) -> str:
        """``traces``, ``logs``, ``metrics``, ``predictions``, ``labels``, ``references`` or ``lineage``."""
        return self.value.signal
