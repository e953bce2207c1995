"""Training capture: experiments, runs, their metrics, datasets and logged models."""
