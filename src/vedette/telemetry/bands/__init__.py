"""Anomaly bands of metrics and expressions: computed on the spot, or by detectors that go on."""

from vedette.telemetry.bands.compute import compute_band
from vedette.telemetry.bands.detectors import BandDetectors, UpdateReport
from vedette.telemetry.bands.model import BandQuery, BandResult, BandSeries

__all__ = [
    "BandDetectors",
    "BandQuery",
    "BandResult",
    "BandSeries",
    "UpdateReport",
    "compute_band",
]
