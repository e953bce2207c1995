"""Ingest: bodies in, committed groups out. The engine decodes; Python only routes bytes."""

from vedette.ingest.commit import Ingest
from vedette.ingest.lane import Receipt
from vedette.ingest.sources import Source

__all__ = ["Ingest", "Receipt", "Source"]
