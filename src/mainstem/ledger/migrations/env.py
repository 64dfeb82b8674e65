"""Alembic's way in: it migrates on the connection, and in the transaction, that the upgrade holds."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="alembic_version",
    version_table_schema="mainstem",
    transactional_ddl=True,
)
context.run_migrations()
