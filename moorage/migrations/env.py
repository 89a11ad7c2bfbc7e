"""Alembic's entry: runs the steps in the transaction that `moorage.storage.migrate` opened, on its connection."""

from alembic import context

import moorage.accounts.factor_tables
import moorage.accounts.tables
import moorage.audit.tables
import moorage.chat.comparison_tables
import moorage.chat.tables
import moorage.connections.access_tables
import moorage.connections.price_tables
import moorage.connections.tables
import moorage.connections.undertaking_tables
import moorage.connections.watch_tables
import moorage.operating.tables
import moorage.privacy.tables
import moorage.usage.tables
import moorage.vault.tables  # noqa: F401 - importing a room's tables adds them to the one metadata
from moorage.storage.types import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    # Alembic believes SQLite can't roll back DDL. With our BEGIN it can: a killed migration leaves the old schema.
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
