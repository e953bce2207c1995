"""Questions to SQL: the query languages, the account's scope and the limits of every query."""

from vedette.query.runner import QueryRunner

__all__ = ["QueryRunner"]
