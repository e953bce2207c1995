"""Domain services of telemetry: logs, metrics, traces, resources and their retention."""
