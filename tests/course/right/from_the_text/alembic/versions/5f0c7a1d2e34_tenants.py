"""tenants

Revision ID: 5f0c7a1d2e34
Revises: 23b4ea2549e6
Create Date: 2026-11-25 20:11:02.411093
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5f0c7a1d2e34"
down_revision: str | Sequence[str] | None = "23b4ea2549e6"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("worker", "project", "task", "audit_log")
WHOSE = "CAST(nullif(current_setting('task_api.tenant', true), '') AS integer)"

# Table, columns after the tenant.
INDEXES = (
    ("task", ("project_id", "status", "id")),
    ("task", ("project_id", "id")),
    ("task", ("created_by_id",)),
    ("task", ("assignee_id",)),
    ("task", ("parent_task_id",)),
    ("audit_log", ("actor_id",)),
)
# Table, column, table it leads to, what a delete does; those that another key empties come last.
KEYS = (
    ("task", "project_id", "project", "CASCADE"),
    ("task", "created_by_id", "worker", "RESTRICT"),
    ("audit_log", "actor_id", "worker", "RESTRICT"),
    ("task", "assignee_id", "worker", None),
    ("task", "parent_task_id", "task", None),
)


def on_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def upgrade() -> None:
    op.create_table(
        "tenant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("subdomain", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
        sa.UniqueConstraint("subdomain", name=op.f("uq_tenant_subdomain")),
    )
    # Whoever has rows has a worker or a project.
    op.execute(
        "INSERT INTO tenant (name, subdomain, created_at) "
        "SELECT 'Default', 'default', CURRENT_TIMESTAMP "
        "WHERE EXISTS (SELECT 1 FROM worker) OR EXISTS (SELECT 1 FROM project)"
    )
    for table in TABLES:
        op.add_column(table, sa.Column("tenant_id", sa.Integer()))
        op.execute(f"UPDATE {table} SET tenant_id = (SELECT id FROM tenant)")

    for table in ("task", "audit_log"):
        with op.batch_alter_table(table) as batch:
            for owner, column, _, ondelete in KEYS:
                if owner == table:
                    batch.drop_index(f"ix_{table}_{column}")
                    if ondelete is not None:
                        batch.drop_constraint(op.f(f"fk_{table}_{column}"), type_="foreignkey")
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.alter_column("tenant_id", existing_type=sa.Integer(), nullable=False)
            batch.create_foreign_key(op.f(f"fk_{table}_tenant_id"), "tenant", ["tenant_id"], ["id"])
            if table != "audit_log":
                batch.create_unique_constraint(
                    op.f(f"uq_{table}_tenant_id_id"), ["tenant_id", "id"]
                )
            if table == "worker":
                batch.drop_constraint(op.f("uq_worker_handle"), type_="unique")
                batch.create_unique_constraint(
                    op.f("uq_worker_tenant_id_handle"), ["tenant_id", "handle"]
                )
    for table in ("task", "audit_log"):
        with op.batch_alter_table(table) as batch:
            for owner, column, target, ondelete in KEYS:
                if owner == table:
                    late = {} if ondelete else {"deferrable": True, "initially": "DEFERRED"}
                    batch.create_foreign_key(
                        op.f(f"fk_{table}_tenant_id_{column}"),
                        target,
                        ["tenant_id", column],
                        ["tenant_id", "id"],
                        ondelete=ondelete,
                        **late,
                    )
    for table, columns in INDEXES:
        op.create_index(
            op.f(f"ix_{table}_tenant_id_{'_'.join(columns)}"), table, ["tenant_id", *columns]
        )
    if on_postgresql():
        for table in TABLES:
            op.execute(
                f"CREATE POLICY own_rows ON {table} FOR ALL"
                f" USING (tenant_id = {WHOSE}) WITH CHECK (tenant_id = {WHOSE})"
            )
            op.execute(
                f"CREATE POLICY upkeep ON {table} FOR ALL TO CURRENT_USER"
                f" USING ({WHOSE} IS NULL) WITH CHECK ({WHOSE} IS NULL)"
            )
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    if on_postgresql():
        for table in TABLES:
            op.execute(
                f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"
            )
            op.execute(f"DROP POLICY upkeep ON {table}")
            op.execute(f"DROP POLICY own_rows ON {table}")
    for table, columns in INDEXES:
        op.drop_index(op.f(f"ix_{table}_tenant_id_{'_'.join(columns)}"), table)
    for table in ("task", "audit_log"):
        with op.batch_alter_table(table) as batch:
            for owner, column, target, ondelete in KEYS:
                if owner == table:
                    batch.drop_constraint(
                        op.f(f"fk_{table}_tenant_id_{column}"), type_="foreignkey"
                    )
                    if ondelete is not None:
                        batch.create_foreign_key(
                            op.f(f"fk_{table}_{column}"),
                            target,
                            [column],
                            ["id"],
                            ondelete=ondelete,
                        )
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"fk_{table}_tenant_id"), type_="foreignkey")
            if table != "audit_log":
                batch.drop_constraint(op.f(f"uq_{table}_tenant_id_id"), type_="unique")
            if table == "worker":
                batch.drop_constraint(op.f("uq_worker_tenant_id_handle"), type_="unique")
                batch.create_unique_constraint(op.f("uq_worker_handle"), ["handle"])
            batch.drop_column("tenant_id")
    for table, column, _, _ in KEYS:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.drop_table("tenant")
