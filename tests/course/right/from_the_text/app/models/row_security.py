"""PostgreSQL's own guard, for whoever comes past the sessions."""

from sqlalchemy import DDL, Table, event

SETTING = "task_api.tenant"
WHOSE = f"CAST(nullif(current_setting('{SETTING}', true), '') AS integer)"

#: %(fullname)s is the table, in whatever schema it is created.
STATEMENTS = (
    f"CREATE POLICY own_rows ON %(fullname)s FOR ALL"
    f" USING (tenant_id = {WHOSE}) WITH CHECK (tenant_id = {WHOSE})",
    f"CREATE POLICY upkeep ON %(fullname)s FOR ALL TO CURRENT_USER"
    f" USING ({WHOSE} IS NULL) WITH CHECK ({WHOSE} IS NULL)",
    "ALTER TABLE %(fullname)s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
)


def attach(table: Table) -> None:
    """Create the policies with the table."""
    for statement in STATEMENTS:
        event.listen(table, "after_create", DDL(statement).execute_if(dialect="postgresql"))
