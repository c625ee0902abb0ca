"""Every row gets an owner.

Rows from before belong to a tenant ``default``; an empty database gets none.

SQLite can't alter a table, so there each table is built once more, filled and renamed
(``batch_alter_table``). The plan of the new table is the old one as ``before`` spells it out: what
Alembic would read from the database lacks the CHECK constraints.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: Column, what it points at, and what happens with the row when that goes.
KEYS = {
    "worker": [],
    "project": [],
    "task": [
        ("project_id", "project", "CASCADE"),
        ("assignee_id", "worker", "SET NULL"),
        ("created_by_id", "worker", "RESTRICT"),
        ("parent_task_id", "task", "SET NULL"),
    ],
    "audit_log": [("actor_id", "worker", "RESTRICT")],
}
STATUSES = "'pending', 'in_progress', 'review', 'blocked', 'completed'"
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-"
CHECKS = {
    "worker": {
        "handle": (
            "substr(handle, 1, 1) = '@' AND length(handle) BETWEEN 2 AND 50"
            f" AND ltrim(substr(handle, 2), '{LETTERS}') = ''"
        ),
        "type": "type IN ('human', 'agent')",
    },
    "project": {"status": "status IN ('active', 'archived')"},
    "task": {
        "title": "length(title) BETWEEN 1 AND 500",
        "status": f"status IN ({STATUSES})",
        "priority": "priority IN ('low', 'medium', 'high', 'critical')",
        "not_own_parent": "parent_task_id <> id",
    },
    "audit_log": {},
}
WORD, NUMBER, MOMENT = sa.String(), sa.Integer(), sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
#: Name, type, and whether it may be empty.
COLUMNS = {
    "worker": [
        ("handle", WORD, False),
        ("type", WORD, False),
        ("email", WORD, True),
        ("created_at", MOMENT, False),
    ],
    "project": [
        ("name", WORD, False),
        ("description", WORD, True),
        ("status", WORD, False),
        ("metadata", JSON, False),
        ("created_at", MOMENT, False),
        ("updated_at", MOMENT, False),
    ],
    "task": [
        ("title", WORD, False),
        ("description", WORD, True),
        ("status", WORD, False),
        ("priority", WORD, False),
        ("tags", JSON, False),
        ("project_id", NUMBER, False),
        ("assignee_id", NUMBER, True),
        ("created_by_id", NUMBER, False),
        ("parent_task_id", NUMBER, True),
        ("due_date", MOMENT, True),
        ("created_at", MOMENT, False),
        ("updated_at", MOMENT, False),
    ],
    "audit_log": [
        ("entity_type", WORD, False),
        ("entity_id", NUMBER, False),
        ("action", WORD, False),
        ("actor_id", NUMBER, False),
        ("details", JSON, False),
        ("created_at", MOMENT, False),
    ],
}
TENANT = "nullif(current_setting('app.tenant_id', true), '')::int"


def before(*, owner: bool) -> sa.MetaData:
    """Return the tables as revision 0001 leaves them; with ``owner``, as this one does."""
    metadata = sa.MetaData()
    if owner:
        sa.Table("tenant", metadata, sa.Column("id", NUMBER, primary_key=True))
    for table, columns in COLUMNS.items():
        parts = [sa.Column("id", NUMBER, nullable=False)]
        parts += [sa.Column(name, kind, nullable=empty) for name, kind, empty in columns]
        # While it is filled, the column may be empty.
        parts += [sa.Column("tenant_id", NUMBER, nullable=not owner)]
        parts += [sa.PrimaryKeyConstraint("id", name=f"pk_{table}")]
        parts += [
            sa.CheckConstraint(condition, name=f"ck_{table}_{name}")
            for name, condition in CHECKS[table].items()
        ]
        for column, target, ondelete in KEYS[table]:
            parts.append(
                sa.ForeignKeyConstraint(
                    [column], [f"{target}.id"], name=f"fk_{table}_{column}", ondelete=ondelete
                )
            )
            parts.append(sa.Index(f"ix_{table}_{column}", column))
            if owner:
                parts.append(
                    sa.ForeignKeyConstraint(
                        ["tenant_id", column],
                        [f"{target}.tenant_id", f"{target}.id"],
                        name=f"fk_{table}_tenant_id_{column}",
                        deferrable=True,
                        initially="DEFERRED",
                    )
                )
        if owner:
            parts += [
                sa.ForeignKeyConstraint(
                    ["tenant_id"],
                    ["tenant.id"],
                    name=f"fk_{table}_tenant_id",
                    ondelete="RESTRICT",
                ),
                sa.UniqueConstraint("tenant_id", "id", name=f"uq_{table}_tenant_id_id"),
            ]
        if table == "worker":
            handle = ("tenant_id", "handle") if owner else ("handle",)
            parts.append(sa.UniqueConstraint(*handle, name=f"uq_worker_{'_'.join(handle)}"))
        sa.Table(table, metadata, *parts)
    return metadata


def upgrade() -> None:
    op.create_table(
        "tenant",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("subdomain", WORD, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
        sa.UniqueConstraint("subdomain", name=op.f("uq_tenant_subdomain")),
    )
    rows = " OR ".join(f"EXISTS (SELECT 1 FROM {table})" for table in COLUMNS)
    op.execute(
        "INSERT INTO tenant (name, subdomain, created_at)"
        f" SELECT 'default', 'default', CURRENT_TIMESTAMP WHERE {rows}"
    )
    for table in COLUMNS:
        op.add_column(table, sa.Column("tenant_id", NUMBER, nullable=True))
        op.execute(f"UPDATE {table} SET tenant_id = (SELECT id FROM tenant)")
    old = before(owner=False)
    for table in COLUMNS:
        with op.batch_alter_table(table, copy_from=old.tables[table]) as batch:
            batch.alter_column("tenant_id", existing_type=NUMBER, nullable=False)
            batch.create_foreign_key(
                op.f(f"fk_{table}_tenant_id"), "tenant", ["tenant_id"], ["id"], ondelete="RESTRICT"
            )
            batch.create_unique_constraint(op.f(f"uq_{table}_tenant_id_id"), ["tenant_id", "id"])
            if table == "worker":
                batch.drop_constraint(op.f("uq_worker_handle"), type_="unique")
                batch.create_unique_constraint(
                    op.f("uq_worker_tenant_id_handle"), ["tenant_id", "handle"]
                )
            for column, target, _ in KEYS[table]:
                batch.create_foreign_key(
                    op.f(f"fk_{table}_tenant_id_{column}"),
                    target,
                    ["tenant_id", column],
                    ["tenant_id", "id"],
                    deferrable=True,
                    initially="DEFERRED",
                )
    if op.get_context().dialect.name == "postgresql":
        for table in COLUMNS:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY tenant_rows ON {table} USING (tenant_id = {TENANT})")
            op.execute(
                f"CREATE POLICY owner_without_tenant ON {table}"
                f" TO CURRENT_USER USING ({TENANT} IS NULL)"
            )


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for table in COLUMNS:
            op.execute(f"DROP POLICY tenant_rows ON {table}")
            op.execute(f"DROP POLICY owner_without_tenant ON {table}")
            op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    tell_apart()
    new = before(owner=True)
    for table in reversed(COLUMNS):
        with op.batch_alter_table(table, copy_from=new.tables[table]) as batch:
            for column, _, _ in KEYS[table]:
                batch.drop_constraint(op.f(f"fk_{table}_tenant_id_{column}"), type_="foreignkey")
            batch.drop_constraint(op.f(f"fk_{table}_tenant_id"), type_="foreignkey")
            batch.drop_constraint(op.f(f"uq_{table}_tenant_id_id"), type_="unique")
            if table == "worker":
                batch.drop_constraint(op.f("uq_worker_tenant_id_handle"), type_="unique")
                batch.create_unique_constraint(op.f("uq_worker_handle"), ["handle"])
            batch.drop_column("tenant_id")
    op.drop_table("tenant")


def tell_apart() -> None:
    """Give all but the oldest workers of a handle another one: it will be unique for all."""
    if op.get_context().as_sql:
        return
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, handle FROM worker ORDER BY id")).all()
    all_handles, seen = {handle for _, handle in rows}, set()
    for worker_id, handle in rows:
        if handle in seen:
            number, tail = 1, f"-{worker_id}"
            while (free := handle[: 50 - len(tail)] + tail) in all_handles:
                number, tail = number + 1, f"-{worker_id}-{number}"
            connection.execute(
                sa.text("UPDATE worker SET handle = :free WHERE id = :id"),
                {"free": free, "id": worker_id},
            )
            all_handles.add(free)
        seen.add(handle)
