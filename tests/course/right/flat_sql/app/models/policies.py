"""Row-level security, as plain SQL: for the models' create_all and for the migration."""

from sqlalchemy import DDL, Table, event

TENANT = "(SELECT nullif(current_setting('app.tenant_id', true), '')::integer)"


def row_security(table: str) -> list[str]:
    """A transaction reaches its tenant's rows; the owner, while there is no tenant, all."""
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_rows ON {table} FOR ALL TO PUBLIC"
        f" USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})",
        f"CREATE POLICY owner_rows ON {table} FOR ALL TO CURRENT_USER"
        f" USING ({TENANT} IS NULL) WITH CHECK ({TENANT} IS NULL)",
    ]


def secure(table: Table) -> None:
    """Whoever creates the table creates its policies, where the database has such a thing."""
    for statement in row_security(table.name):
        event.listen(table, "after_create", DDL(statement).execute_if(dialect="postgresql"))
