"""Alarms: what watches telemetry, decides, remembers and tells."""
