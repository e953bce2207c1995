"""A body's source."""

from __future__ import annotations

import pytest

from vedette.ingest import Source


@pytest.mark.parametrize(
    ("source", "data", "expected"),
    [
        (Source.OTLP_LOGS, b"\n\x05hello", Source.OTLP_LOGS),
        (Source.OTLP_LOGS, b"\n\x12vedette.prediction", Source.OTLP_PREDICTION_LOGS),
        (Source.OTLP_LOGS, b"\n\x0dvedette.label", Source.OTLP_PREDICTION_LOGS),
        (Source.OTLP_TRACES, b"\n\x12vedette.prediction", Source.OTLP_TRACES),
    ],
)
def test_logs_that_may_hold_predictions_have_their_own(
    source: Source, data: bytes, expected: Source
) -> None:
    assert source.of(data) is expected
