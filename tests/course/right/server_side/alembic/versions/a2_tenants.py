"""tenants: an owner for every row, and keys that stay with it"""

import sqlalchemy as sa
from alembic import op

revision = "a2"
down_revision = "a1"
branch_labels = None
depends_on = None

TABLES = ("worker", "project", "task", "audit_log")
# table, index, its columns after the tenant
INDEXES = (
    ("task", "task_project_idx", ["project_id", "id"]),
    ("task", "task_creator_idx", ["created_by_id"]),
    ("task", "task_assignee_idx", ["assignee_id"]),
    ("task", "task_parent_idx", ["parent_task_id"]),
    ("audit_log", "audit_log_actor_idx", ["actor_id"]),
    ("audit_log", "audit_log_entity_idx", ["entity_type", "entity_id"]),
)
# table, column, what it points at, what a delete does. The first ones replace the simple key;
# the last two stand beside it, since SET NULL along the pair would take tenant_id too.
REPLACED = (
    ("task", "project_id", "project", "CASCADE"),
    ("task", "created_by_id", "worker", "RESTRICT"),
    ("audit_log", "actor_id", "worker", "RESTRICT"),
)
BESIDE = (("task", "assignee_id", "worker"), ("task", "parent_task_id", "task"))
TENANT = "nullif(current_setting('app.tenant_id', true), '')::int"


def on(dialect: str) -> bool:
    return op.get_context().dialect.name == dialect


def upgrade() -> None:
    clock = (
        "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if on("sqlite") else "statement_timestamp()"
    )
    op.create_table(
        "tenant",
        sa.Column("id", sa.Integer(), sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subdomain", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text(clock),
        ),
        sa.UniqueConstraint("subdomain", name="tenant_subdomain_key"),
    )
    anything = " UNION ALL ".join(f"SELECT 1 FROM {table}" for table in TABLES)
    op.execute(
        "INSERT INTO tenant (name, subdomain) SELECT 'Default', 'default'"
        f" WHERE EXISTS ({anything})"
    )
    for table, index, _ in INDEXES:
        op.drop_index(index, table_name=table)
    for table in TABLES:
        op.add_column(table, sa.Column("tenant_id", sa.Integer(), nullable=True))
        op.execute(f"UPDATE {table} SET tenant_id = (SELECT id FROM tenant)")
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.alter_column("tenant_id", existing_type=sa.Integer(), nullable=False)
            batch.create_foreign_key(
                f"{table}_tenant_fk", "tenant", ["tenant_id"], ["id"], ondelete="RESTRICT"
            )
            if table != "audit_log":
                batch.create_unique_constraint(f"{table}_tenant_id_key", ["tenant_id", "id"])
            if table == "worker":
                batch.drop_constraint("worker_handle_key", type_="unique")
                batch.create_unique_constraint("worker_handle_key", ["tenant_id", "handle"])
            for where, column, target, ondelete in REPLACED:
                if where == table:
                    batch.drop_constraint(f"{table}_{column}_fk", type_="foreignkey")
                    batch.create_foreign_key(
                        f"{table}_{column}_tenant_fk",
                        target,
                        ["tenant_id", column],
                        ["tenant_id", "id"],
                        ondelete=ondelete,
                    )
            for where, column, target in BESIDE:
                if where == table:
                    batch.create_foreign_key(
                        f"{table}_{column}_tenant_fk",
                        target,
                        ["tenant_id", column],
                        ["tenant_id", "id"],
                        deferrable=True,
                        initially="DEFERRED",
                    )
    for table, index, columns in INDEXES:
        op.create_index(index, table, ["tenant_id", *columns])
    if on("postgresql"):
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY {table}_of_tenant ON {table} USING (tenant_id = {TENANT})")
            op.execute(
                f"CREATE POLICY {table}_of_owner ON {table} TO CURRENT_USER"
                f" USING ({TENANT} IS NULL)"
            )


def downgrade() -> None:
    if on("postgresql"):
        for table in TABLES:
            op.execute(f"DROP POLICY {table}_of_owner ON {table}")
            op.execute(f"DROP POLICY {table}_of_tenant ON {table}")
            op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for table, index, _ in INDEXES:
        op.drop_index(index, table_name=table)
    distinct_handles()
    for table in reversed(TABLES):
        with op.batch_alter_table(table) as batch:
            for where, column, target, ondelete in REPLACED:
                if where == table:
                    batch.drop_constraint(f"{table}_{column}_tenant_fk", type_="foreignkey")
                    batch.create_foreign_key(
                        f"{table}_{column}_fk", target, [column], ["id"], ondelete=ondelete
                    )
            for where, column, _ in BESIDE:
                if where == table:
                    batch.drop_constraint(f"{table}_{column}_tenant_fk", type_="foreignkey")
            if table == "worker":
                batch.drop_constraint("worker_handle_key", type_="unique")
                batch.create_unique_constraint("worker_handle_key", ["handle"])
            if table != "audit_log":
                batch.drop_constraint(f"{table}_tenant_id_key", type_="unique")
            batch.drop_constraint(f"{table}_tenant_fk", type_="foreignkey")
            batch.drop_column("tenant_id")
    for table, index, columns in INDEXES:
        op.create_index(index, table, columns)
    op.drop_table("tenant")


def distinct_handles() -> None:
    """Without tenants a handle is unique again: whoever has a name twice gets a number."""
    worker = sa.table("worker", sa.column("id"), sa.column("handle"))
    bind = op.get_bind()
    rows = bind.execute(sa.select(worker.c.id, worker.c.handle).order_by(worker.c.id)).all()
    taken, seen = {handle for _, handle in rows}, set()
    for number, handle in rows:
        if handle in seen:
            handle = free_handle(handle, number, taken)
            bind.execute(sa.update(worker).where(worker.c.id == number).values(handle=handle))
            taken.add(handle)
        seen.add(handle)


def free_handle(handle: str, number: int, taken: set[str]) -> str:
    while True:
        suffix = f"-{number}"
        free = handle[: 50 - len(suffix)] + suffix
        if free not in taken:
            return free
        number += 1
