"""Return on a model: value that is attributed to it, less what it costs."""
