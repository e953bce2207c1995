"""Readers of what other tools leave behind: dbt's artifacts, results of Great Expectations."""
