"""A row and the rows it refers to belong to one tenant."""

from operator import attrgetter

from sqlalchemy import ForeignKeyConstraint, MetaData, Table, UniqueConstraint


def draw_borders(metadata: MetaData) -> None:
    """Let no key point at another tenant's row, whoever writes it.

    Beside each foreign key from one table with a ``tenant_id`` to another comes a second one
    that takes the tenant along: (``tenant_id``, ``project_id``) to (``tenant_id``, ``id``) of
    project. What it points at has to be unique: every table with a ``tenant_id``, the audit log
    too, gets UNIQUE (``tenant_id``, ``id``), which is also the index that a tenant's queries
    use. The simple keys stay, with their indexes and with what a delete does: ON DELETE SET NULL
    along the pair would clear ``tenant_id`` too. The new keys are DEFERRABLE INITIALLY DEFERRED:
    checked at the commit, when the simple keys have done their work.

    ``models/__init__.py`` calls it with ``Base.metadata`` once all tables are there.
    """
    owned = [table for table in metadata.sorted_tables if "tenant_id" in table.columns]
    for table in owned:
        table.append_constraint(UniqueConstraint("tenant_id", "id"))
        # A set of them: in the order of their columns the DDL is the same every time.
        simple = [key for key in table.foreign_key_constraints if len(key.columns) == 1]
        for key in sorted(simple, key=attrgetter("column_keys")):
            if key.referred_table in owned:
                table.append_constraint(_with_tenant(key, key.referred_table))


def _with_tenant(key: ForeignKeyConstraint, target: Table) -> ForeignKeyConstraint:
    there = key.elements[0].column
    return ForeignKeyConstraint(
        ["tenant_id", *key.column_keys],
        [target.columns["tenant_id"], there],
        deferrable=True,
        initially="DEFERRED",
    )
