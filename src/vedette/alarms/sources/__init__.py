"""Where alarms get their series from, one module a kind of source."""

from vedette.alarms.sources.read import Job, read_sources

__all__ = ["Job", "read_sources"]
