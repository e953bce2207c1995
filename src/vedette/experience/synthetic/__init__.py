"""Synthetic checks: asked on a schedule, as a user would, from where the server stands."""
