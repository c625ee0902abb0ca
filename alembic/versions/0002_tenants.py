"""Tenants, and whose each row is.

Rows that are older than tenants go to one called default; a database without rows gets none.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision: str = "0002"
down_revision: str | Sequence[str] | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Tables after those they refer to, with the keys that the tenant joins.
KEYS = {
    "worker": {},
    "project": {},
    "task": {
        "project_id": "project",
        "assignee_id": "worker",
        "created_by_id": "worker",
        "parent_task_id": "task",
    },
    "audit_log": {"actor_id": "worker"},
}
TENANT = "nullif(current_setting('app.tenant_id', true), '')::int"


def upgrade() -> None:
    tenant = op.create_table(
        "tenant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("subdomain", sa.String(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
        sa.UniqueConstraint("subdomain", name=op.f("uq_tenant_subdomain")),
    )
    for table in KEYS:
        op.add_column(table, sa.Column("tenant_id", sa.Integer(), nullable=True))
    move_rows_to_default(tenant)
    for table, keys in KEYS.items():
        with op.batch_alter_table(table) as batch:
            batch.alter_column("tenant_id", existing_type=sa.Integer(), nullable=False)
            batch.create_foreign_key(op.f(f"fk_{table}_tenant_id"), "tenant", ["tenant_id"], ["id"])
            batch.create_unique_constraint(op.f(f"uq_{table}_tenant_id_id"), ["tenant_id", "id"])
            if table == "worker":
                batch.drop_constraint(op.f("uq_worker_handle"), type_="unique")
                batch.create_unique_constraint(
                    op.f("uq_worker_tenant_id_handle"), ["tenant_id", "handle"]
                )
            for key, target in keys.items():
                batch.create_foreign_key(
                    op.f(f"fk_{table}_tenant_id_{key}"),
                    target,
                    ["tenant_id", key],
                    ["tenant_id", "id"],
                    deferrable=True,
                    initially="DEFERRED",
                )
    if op.get_bind().dialect.name == "postgresql":
        for table in KEYS:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY tenant ON {table} USING (tenant_id = {TENANT})")
            op.execute(f"CREATE POLICY owner ON {table} TO CURRENT_USER USING ({TENANT} IS NULL)")


def move_rows_to_default(tenant: sa.Table) -> None:
    """Give every row there is to one tenant, made if there are any."""
    tables = [sa.table(name, sa.column("tenant_id")) for name in KEYS]
    values = ("default", "default", datetime.now(UTC))
    columns = (tenant.c.name, tenant.c.subdomain, tenant.c.created_at)
    literals = [
        sa.literal(value, column.type) for value, column in zip(values, columns, strict=True)
    ]
    some = sa.or_(*(sa.exists().select_from(table) for table in tables))
    op.execute(sa.insert(tenant).from_select(columns, sa.select(*literals).where(some)))
    for table in tables:
        op.execute(sa.update(table).values(tenant_id=sa.select(tenant.c.id).scalar_subquery()))


def downgrade() -> None:
    """Back to rows of nobody; handles that two tenants share have to be changed before."""
    if op.get_bind().dialect.name == "postgresql":
        for table in KEYS:
            op.execute(f"DROP POLICY owner ON {table}")
            op.execute(f"DROP POLICY tenant ON {table}")
            op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for table, keys in reversed(KEYS.items()):
        with op.batch_alter_table(table) as batch:
            for key in keys:
                batch.drop_constraint(op.f(f"fk_{table}_tenant_id_{key}"), type_="foreignkey")
            if table == "worker":
                batch.drop_constraint(op.f("uq_worker_tenant_id_handle"), type_="unique")
                batch.create_unique_constraint(op.f("uq_worker_handle"), ["handle"])
            batch.drop_constraint(op.f(f"uq_{table}_tenant_id_id"), type_="unique")
            batch.drop_constraint(op.f(f"fk_{table}_tenant_id"), type_="foreignkey")
            batch.drop_column("tenant_id")
    op.drop_table("tenant")
