"""Drift: how far the distributions of two profiles are apart, and whether that matters."""
