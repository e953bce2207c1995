"""Traces of MLflow's clients: their heads, tags and assessments; spans are telemetry's."""
