"""What PostgreSQL holds its tables to, below every session."""

from sqlalchemy import DDL, MetaData, event

PRESENT = "nullif(current_setting(''task_api.tenant'', true), '''')::int"

# One policy a table: the present tenant's rows; without a tenant all of them, for the owner alone.
POLICY = f"""DO $do$ BEGIN
  ALTER TABLE %(table)s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
  EXECUTE format(
    'CREATE POLICY one_tenant ON %(table)s USING (CASE WHEN {PRESENT} IS NULL
     THEN current_user = %%L ELSE tenant_id = {PRESENT} END)', current_user);
END $do$"""


def secure(metadata: MetaData) -> None:
    for table in metadata.tables.values():
        if "tenant_id" in table.columns:
            policy = DDL(POLICY).execute_if(dialect="postgresql")
            event.listen(table, "after_create", policy)
