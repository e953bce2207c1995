"""Alembic migrations of the catalog; `vedette.store.catalog.migrate` runs them."""
