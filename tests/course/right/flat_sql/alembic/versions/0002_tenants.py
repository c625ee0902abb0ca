"""tenants

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("worker", "project", "task", "audit_log")
BATCH = 5_000
ONCE_PER_TENANT = {
    "worker": ("uq_worker_tenant_id_id", "uq_worker_tenant_id_handle"),
    "project": ("uq_project_tenant_id_id",),
    "task": ("uq_task_tenant_id_id",),
}
TENANT = "(SELECT nullif(current_setting('app.tenant_id', true), '')::integer)"


def upgrade() -> None:
    op.create_table(
        "tenant",
        sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("subdomain", sa.Text, nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("CURRENT_TIMESTAMP"),
        ),
        sa.UniqueConstraint("subdomain", name="uq_tenant_subdomain"),
    )
    for table in TABLES:
        op.add_column(table, sa.Column("tenant_id", sa.Integer))
    own_old_rows()
    # What keys point at first.
    with op.batch_alter_table("worker") as batch:
        own(batch, "worker")
        batch.drop_constraint("uq_worker_handle", type_="unique")
        batch.create_unique_constraint("uq_worker_tenant_id_handle", ["tenant_id", "handle"])
        batch.create_unique_constraint("uq_worker_tenant_id_id", ["tenant_id", "id"])
    with op.batch_alter_table("project") as batch:
        own(batch, "project")
        batch.create_unique_constraint("uq_project_tenant_id_id", ["tenant_id", "id"])
    op.execute("DROP INDEX ix_task_project")
    op.execute("DROP INDEX ix_task_created_by")
    op.execute("DROP INDEX ix_audit_log_actor")
    with op.batch_alter_table("task") as batch:
        own(batch, "task")
        batch.create_unique_constraint("uq_task_tenant_id_id", ["tenant_id", "id"])
        for name, column, to, rule in (
            ("fk_task_project", "project_id", "project", "CASCADE"),
            ("fk_task_created_by", "created_by_id", "worker", "RESTRICT"),
        ):
            batch.drop_constraint(name, type_="foreignkey")
            batch.create_foreign_key(
                name, to, ["tenant_id", column], ["tenant_id", "id"], ondelete=rule
            )
        for name, column, to in (
            ("fk_task_assignee_tenant", "assignee_id", "worker"),
            ("fk_task_parent_tenant", "parent_task_id", "task"),
        ):
            batch.create_foreign_key(
                name,
                to,
                ["tenant_id", column],
                ["tenant_id", "id"],
                deferrable=True,
                initially="DEFERRED",
            )
    with op.batch_alter_table("audit_log") as batch:
        own(batch, "audit_log")
        batch.drop_constraint("fk_audit_log_actor", type_="foreignkey")
        batch.create_foreign_key(
            "fk_audit_log_actor",
            "worker",
            ["tenant_id", "actor_id"],
            ["tenant_id", "id"],
            ondelete="RESTRICT",
        )
    op.execute("CREATE INDEX ix_task_project ON task (tenant_id, project_id, id)")
    op.execute("CREATE INDEX ix_task_created_by ON task (tenant_id, created_by_id)")
    op.execute("CREATE INDEX ix_audit_log_actor ON audit_log (tenant_id, actor_id)")
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(
                f"CREATE POLICY tenant_rows ON {table} FOR ALL TO PUBLIC"
                f" USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})"
            )
            op.execute(
                f"CREATE POLICY owner_rows ON {table} FOR ALL TO CURRENT_USER"
                f" USING ({TENANT} IS NULL) WITH CHECK ({TENANT} IS NULL)"
            )


def own(batch, table: str) -> None:
    batch.alter_column("tenant_id", existing_type=sa.Integer, nullable=False)
    batch.create_foreign_key(f"fk_{table}_tenant", "tenant", ["tenant_id"], ["id"])


def own_old_rows() -> None:
    """Rows older than tenants go to ``default``, made where there are any, batch by batch."""
    bind = op.get_bind()
    tenant = sa.table("tenant", sa.column("id"), sa.column("name"), sa.column("subdomain"))
    for name in TABLES:
        table = sa.table(name, sa.column("id"), sa.column("tenant_id"))
        while True:
            orphans = (
                sa.select(table.c.id)
                .where(table.c.tenant_id.is_(None))
                .order_by(table.c.id)
                .limit(BATCH)
            )
            if not (ids := bind.execute(orphans).scalars().all()):
                break
            default = sa.select(tenant.c.id).where(tenant.c.subdomain == "default")
            if (owner := bind.scalar(default)) is None:
                bind.execute(sa.insert(tenant).values(name="Default", subdomain="default"))
                owner = bind.scalar(default)
            bind.execute(
                sa.update(table)
                .where(table.c.id.between(ids[0], ids[-1]), table.c.tenant_id.is_(None))
                .values(tenant_id=owner)
            )


def downgrade() -> None:
    """Everybody's rows are everybody's again; a handle that two tenants have stops it."""
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"DROP POLICY owner_rows ON {table}")
            op.execute(f"DROP POLICY tenant_rows ON {table}")
            op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("DROP INDEX ix_audit_log_actor")
    op.execute("DROP INDEX ix_task_created_by")
    op.execute("DROP INDEX ix_task_project")
    with op.batch_alter_table("audit_log") as batch:
        disown(batch, "audit_log", "fk_audit_log_actor")
        batch.create_foreign_key(
            "fk_audit_log_actor", "worker", ["actor_id"], ["id"], ondelete="RESTRICT"
        )
    with op.batch_alter_table("task") as batch:
        disown(
            batch,
            "task",
            "fk_task_project",
            "fk_task_created_by",
            "fk_task_assignee_tenant",
            "fk_task_parent_tenant",
        )
        batch.create_foreign_key(
            "fk_task_project", "project", ["project_id"], ["id"], ondelete="CASCADE"
        )
        batch.create_foreign_key(
            "fk_task_created_by", "worker", ["created_by_id"], ["id"], ondelete="RESTRICT"
        )
    with op.batch_alter_table("project") as batch:
        disown(batch, "project")
    with op.batch_alter_table("worker") as batch:
        disown(batch, "worker")
        batch.create_unique_constraint("uq_worker_handle", ["handle"])
    op.execute("CREATE INDEX ix_task_project ON task (project_id, id)")
    op.execute("CREATE INDEX ix_task_created_by ON task (created_by_id)")
    op.execute("CREATE INDEX ix_audit_log_actor ON audit_log (actor_id)")
    op.drop_table("tenant")


def disown(batch, table: str, *keys: str) -> None:
    for name in (*keys, f"fk_{table}_tenant"):
        batch.drop_constraint(name, type_="foreignkey")
    for name in ONCE_PER_TENANT.get(table, ()):
        batch.drop_constraint(name, type_="unique")
    batch.drop_column("tenant_id")
