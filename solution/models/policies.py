"""Row-level security: PostgreSQL keeps tenants apart where no session does."""

from typing import Any

from sqlalchemy import Connection, MetaData, Table, event, text

#: The tenant of the transaction. A setting reads as NULL before it was ever made, and as ''
#: once the transaction it was LOCAL to is over.
TENANT = "nullif(current_setting('app.tenant_id', true), '')::int"


def row_security(table: str) -> list[str]:
    """Return the SQL that lets a transaction reach its own tenant's rows alone.

    ENABLE switches the policies of a table on, FORCE holds the table's owner to them as well;
    superusers and roles with BYPASSRLS are above them. One policy is for everybody:
    ``tenant_id`` is ``TENANT``, in what is read (USING) and, without another word, in what is
    written. A second one is for the owner (TO CURRENT_USER) while no tenant is set: every row,
    or migrations would find empty tables. Several policies for one role are joined by OR.
    """
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {table} USING (tenant_id = {TENANT})",
        f"CREATE POLICY owner ON {table} TO CURRENT_USER USING ({TENANT} IS NULL)",
    ]


def secure_rows(metadata: MetaData) -> None:
    """Given: whoever creates the tables creates their policies; SQLite has none.

    ``models/__init__.py`` calls it with ``Base.metadata``.
    """

    @event.listens_for(metadata, "after_create")
    def secure(_: MetaData, connection: Connection, *, tables: list[Table], **__: Any) -> None:
        if connection.dialect.name == "postgresql":
            # A tenant with a schema of its own has its tables there.
            schemas = connection.get_execution_options().get("schema_translate_map") or {}
            for table in tables:
                if "tenant_id" in table.columns:
                    schema = schemas.get(table.schema)
                    for statement in row_security(f"{schema}.{table}" if schema else str(table)):
                        connection.execute(text(statement))
