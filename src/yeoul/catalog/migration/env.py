"""Runs the migrations on the connection of `catalog.migrate`, in its transaction and under its lock."""

from __future__ import annotations

from alembic import context

from yeoul.catalog.schema.base import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
