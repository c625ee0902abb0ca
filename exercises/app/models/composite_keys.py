"""A row and the rows it refers to belong to one tenant."""

from sqlalchemy import ForeignKeyConstraint, MetaData, UniqueConstraint


def add_composite_keys(metadata: MetaData) -> None:
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
    raise NotImplementedError("exercise tenancy.keys")
