"""an owner for every row"""

import sqlalchemy as sa

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = ("worker", "project", "task", "audit_log")
# SQLite alters a table by copying it, and a copy has only the checks it is told of.
CHECKS = {
    "worker": {
        "handle_letters": "rtrim(handle, '-_0123456789abcdefghijklmnopqrstuvwxyz') = '@'",
        "handle_length": "length(handle) BETWEEN 2 AND 50",
        "kind": "type = 'human' OR type = 'agent'",
    },
    "project": {"status": "status IN ('active', 'archived')"},
    "task": {
        "title": "title <> '' AND length(title) < 501",
        "status": "status IN ('pending','in_progress','review','blocked','completed')",
        "priority": "priority IN ('low','medium','high','critical')",
        "parent": "NOT (parent_task_id = id)",
    },
    "audit_log": {},
}
PRESENT = "nullif(current_setting(''task_api.tenant'', true), '''')::int"


def batch(table):
    checks = [
        sa.CheckConstraint(rule, name=op.f(f"{table}_{name}_check"))
        for name, rule in CHECKS[table].items()
    ]
    return op.batch_alter_table(table, table_args=checks)


def on_postgresql():
    return op.get_context().dialect.name == "postgresql"


def pair(change, table, column, target, gone, **more):
    name = f"{table}_{column.removesuffix('_id')}_fkey"
    change.create_foreign_key(
        name, target, ["tenant_id", column], ["tenant_id", "id"], ondelete=gone, **more
    )


def upgrade():
    op.create_table(
        "tenant",
        sa.Column("id", sa.Integer, sa.Identity(), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("subdomain", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="tenant_pkey"),
        sa.UniqueConstraint("subdomain", name="tenant_subdomain_key"),
    )
    anything = " OR ".join(f"EXISTS (SELECT 1 FROM {table})" for table in TABLES)
    op.execute(
        "INSERT INTO tenant (name, subdomain, created_at)"
        f" SELECT 'Default', 'default', CURRENT_TIMESTAMP WHERE {anything}"
    )
    for table in TABLES:
        op.add_column(table, sa.Column("tenant_id", sa.Integer))
        op.execute(f"UPDATE {table} SET tenant_id = (SELECT id FROM tenant)")

    later = {"deferrable": True, "initially": "DEFERRED"}
    with batch("worker") as change:
        change.alter_column("tenant_id", existing_type=sa.Integer, nullable=False)
        change.drop_constraint("worker_handle_key", type_="unique")
        change.create_unique_constraint("worker_handle_key", ["tenant_id", "handle"])
        change.create_unique_constraint("worker_owned_key", ["tenant_id", "id"])
    with batch("project") as change:
        change.alter_column("tenant_id", existing_type=sa.Integer, nullable=False)
        change.create_unique_constraint("project_owned_key", ["tenant_id", "id"])
    with batch("task") as change:
        change.alter_column("tenant_id", existing_type=sa.Integer, nullable=False)
        change.drop_index("task_project_id_idx")
        change.drop_index("task_created_by_id_idx")
        change.drop_constraint("task_project_id_fkey", type_="foreignkey")
        change.drop_constraint("task_created_by_id_fkey", type_="foreignkey")
        change.create_unique_constraint("task_owned_key", ["tenant_id", "id"])
        change.create_index("task_list_idx", ["tenant_id", "project_id", "id"])
        change.create_index("task_creator_idx", ["tenant_id", "created_by_id"])
    with batch("task") as change:
        pair(change, "task", "project_id", "project", "CASCADE")
        pair(change, "task", "created_by_id", "worker", "RESTRICT")
        pair(change, "task", "assignee_id", "worker", None, **later)
        pair(change, "task", "parent_task_id", "task", None, **later)
    with batch("audit_log") as change:
        change.alter_column("tenant_id", existing_type=sa.Integer, nullable=False)
        change.drop_index("audit_log_actor_id_idx")
        change.drop_constraint("audit_log_actor_id_fkey", type_="foreignkey")
        change.create_index("audit_log_actor_idx", ["tenant_id", "actor_id"])
        pair(change, "audit_log", "actor_id", "worker", "RESTRICT")
    for table in TABLES:
        with batch(table) as change:
            change.create_foreign_key(
                f"{table}_tenant_id_fkey", "tenant", ["tenant_id"], ["id"], ondelete="RESTRICT"
            )
        if on_postgresql():
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
            op.execute(
                f"DO $do$ BEGIN EXECUTE format('CREATE POLICY one_tenant ON {table} USING "
                f"(CASE WHEN {PRESENT} IS NULL THEN current_user = %L "
                f"ELSE tenant_id = {PRESENT} END)', current_user); END $do$"
            )


def downgrade():
    taken = "SELECT handle FROM worker GROUP BY handle HAVING count(*) > 1"
    if found := op.get_bind().execute(sa.text(taken)).scalars().all():
        raise RuntimeError(f"Several tenants have a worker called {', '.join(found)}.")
    if on_postgresql():
        for table in TABLES:
            op.execute(f"DROP POLICY one_tenant ON {table}")
            op.execute(
                f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"
            )
    with batch("audit_log") as change:
        change.drop_constraint("audit_log_tenant_id_fkey", type_="foreignkey")
        change.drop_constraint("audit_log_actor_fkey", type_="foreignkey")
        change.drop_index("audit_log_actor_idx")
        change.drop_column("tenant_id")
        change.create_foreign_key(
            "audit_log_actor_id_fkey", "worker", ["actor_id"], ["id"], ondelete="RESTRICT"
        )
        change.create_index("audit_log_actor_id_idx", ["actor_id"])
    with batch("task") as change:
        for name in ("tenant_id", "project", "created_by", "assignee", "parent_task"):
            change.drop_constraint(f"task_{name}_fkey", type_="foreignkey")
        change.drop_index("task_list_idx")
        change.drop_index("task_creator_idx")
        change.drop_constraint("task_owned_key", type_="unique")
        change.drop_column("tenant_id")
        change.create_foreign_key(
            "task_project_id_fkey", "project", ["project_id"], ["id"], ondelete="CASCADE"
        )
        change.create_foreign_key(
            "task_created_by_id_fkey", "worker", ["created_by_id"], ["id"], ondelete="RESTRICT"
        )
        change.create_index("task_project_id_idx", ["project_id"])
        change.create_index("task_created_by_id_idx", ["created_by_id"])
    with batch("project") as change:
        change.drop_constraint("project_tenant_id_fkey", type_="foreignkey")
        change.drop_constraint("project_owned_key", type_="unique")
        change.drop_column("tenant_id")
    with batch("worker") as change:
        change.drop_constraint("worker_tenant_id_fkey", type_="foreignkey")
        change.drop_constraint("worker_owned_key", type_="unique")
        change.drop_constraint("worker_handle_key", type_="unique")
        change.drop_column("tenant_id")
        change.create_unique_constraint("worker_handle_key", ["handle"])
    op.drop_table("tenant")
