"""Vedette: the open lookout for data and ML.

This module stays light: nothing of OpenTelemetry is imported before ``init`` is called.
"""

from vedette.sdk import flush, init, shutdown

__version__ = "0.1.0"

__all__ = ["__version__", "flush", "init", "shutdown"]
