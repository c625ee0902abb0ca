"""Keys that stay inside one tenant: each goes by the pair (tenant_id, id)."""

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint


def doorway(table: str) -> UniqueConstraint:
    """What a paired key points at; also the index that a tenant's lists use."""
    return UniqueConstraint("tenant_id", "id", name=f"{table}_tenant_id_key")


def paired_key(
    table: str, column: str, target: str, *, ondelete: str | None = None
) -> ForeignKeyConstraint:
    """(tenant_id, column) -> target (tenant_id, id).

    Without ``ondelete`` it stands beside a simple key that sets ``column`` to NULL (the pair would
    take tenant_id along), and so waits for the commit.
    """
    waiting = {} if ondelete else {"deferrable": True, "initially": "DEFERRED"}
    return ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=f"{table}_{column}_tenant_fk",
        ondelete=ondelete,
        **waiting,
    )
