"""What Alembic runs: it migrates the connection that `migrate.upgrade` opened."""

from __future__ import annotations

from alembic import context

from vedette.store.catalog.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_server_default=True,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
