"""Traces: search, one trace and its critical path, bottlenecks, RED metrics and the service map."""
