"""Pipelines: runs of jobs and their tasks, as events of OpenLineage and the SDK tell of them."""
