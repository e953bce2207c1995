"""Telemetry of browsers: the script, its keys, and what its events tell."""
