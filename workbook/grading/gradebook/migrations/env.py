"""Runs the revisions on the connection that `upgrade` hands over."""

from alembic import context

from workbook.grading.gradebook.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
