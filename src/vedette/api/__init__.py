"""The JSON API under ``/api/v1``: what the console, the CLI and the SDK speak."""

from vedette.api.router import routes

__all__ = ["routes"]
