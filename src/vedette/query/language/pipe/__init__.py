"""The pipe language."""
