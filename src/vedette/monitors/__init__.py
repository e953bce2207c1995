"""Monitors: watch a dataset's windows by checks and drift, on the scheduler."""
