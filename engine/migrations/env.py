"""Runs the migrations on the connection that server.schema hands over; the transaction is the caller's."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
context.run_migrations()
