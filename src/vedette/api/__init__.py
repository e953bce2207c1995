"""The JSON API under ``/api/v1``: what the console, the CLI and the SDK speak."""

from vedette.api.router import router

__all__ = ["router"]
