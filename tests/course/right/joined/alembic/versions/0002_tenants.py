"""An owner for every row; what is there already goes to the tenant ``default``."""

import sqlalchemy as sa

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: A table comes before those that refer to it.
OWNED = ("worker", "project", "task", "audit_log")
#: Which keys take the tenant along, and where they lead.
BORDERS = {
    "worker": {},
    "project": {},
    "task": {
        "assignee_id": "worker",
        "created_by_id": "worker",
        "parent_task_id": "task",
        "project_id": "project",
    },
    "audit_log": {"actor_id": "worker"},
}
TENANT = "nullif(current_setting('app.tenant_id', true), '')::int"


def upgrade() -> None:
    op.create_table(
        "tenant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subdomain", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
        sa.UniqueConstraint("subdomain", name=op.f("uq_tenant_subdomain")),
    )
    # A task has a project and an audit row a worker, so those two tell of any row at all.
    op.execute(
        "INSERT INTO tenant (name, subdomain, created_at)"
        " SELECT 'default', 'default', CURRENT_TIMESTAMP"
        " WHERE EXISTS (SELECT 1 FROM worker) OR EXISTS (SELECT 1 FROM project)"
    )
    for table in OWNED:
        op.add_column(table, sa.Column("tenant_id", sa.Integer()))
        op.execute(f"UPDATE {table} SET tenant_id = (SELECT id FROM tenant)")
    for table in OWNED:
        with op.batch_alter_table(table) as batch:
            batch.alter_column("tenant_id", existing_type=sa.Integer(), nullable=False)
            if table == "worker":
                batch.drop_constraint("uq_worker_handle", type_="unique")
                batch.create_unique_constraint(
                    op.f("uq_worker_tenant_id_handle"), ["tenant_id", "handle"]
                )
            batch.create_unique_constraint(op.f(f"uq_{table}_tenant_id_id"), ["tenant_id", "id"])
            batch.create_foreign_key(
                op.f(f"fk_{table}_tenant_id"), "tenant", ["tenant_id"], ["id"], ondelete="RESTRICT"
            )
            for column, target in BORDERS[table].items():
                batch.create_foreign_key(
                    op.f(f"fk_{table}_tenant_id_{column}"),
                    target,
                    ["tenant_id", column],
                    ["tenant_id", "id"],
                    deferrable=True,
                    initially="DEFERRED",
                )
    if op.get_context().dialect.name == "postgresql":
        for table in OWNED:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY tenant_rows ON {table} USING (tenant_id = {TENANT})")
            op.execute(
                f"CREATE POLICY owner_rows ON {table} TO CURRENT_USER USING ({TENANT} IS NULL)"
            )


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for table in OWNED:
            op.execute(f"DROP POLICY tenant_rows ON {table}")
            op.execute(f"DROP POLICY owner_rows ON {table}")
            op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    # Handles become unique for all again: whoever came later with one gets a number to it.
    op.execute(
        "UPDATE worker SET handle = substr(handle, 1, 49 - length(CAST(id AS text)))"
        " || '-' || CAST(id AS text)"
        " WHERE EXISTS (SELECT 1 FROM worker AS earlier"
        " WHERE earlier.handle = worker.handle AND earlier.id < worker.id)"
    )
    for table in reversed(OWNED):
        with op.batch_alter_table(table) as batch:
            for column in BORDERS[table]:
                batch.drop_constraint(f"fk_{table}_tenant_id_{column}", type_="foreignkey")
            batch.drop_constraint(f"fk_{table}_tenant_id", type_="foreignkey")
            batch.drop_constraint(f"uq_{table}_tenant_id_id", type_="unique")
            if table == "worker":
                batch.drop_constraint("uq_worker_tenant_id_handle", type_="unique")
                batch.create_unique_constraint(op.f("uq_worker_handle"), ["handle"])
            batch.drop_column("tenant_id")
    op.drop_table("tenant")
