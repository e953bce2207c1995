"""Lineage: what leads to what, from events, training runs, the registry and predictions."""
