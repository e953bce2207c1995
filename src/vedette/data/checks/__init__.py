"""Checks: what a dataset must be, as code; evaluated on a profile, or on its rows."""
