"""Dashboards: panels over any query of the system, kept with their history and shared as files."""
