"""Sessions that serve the context's tenant: asked at each door, filtered at each statement."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Delete, Insert, Select, Update, event, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlmodel import Session
from sqlmodel.ext.asyncio.session import AsyncSession

from ..context import required_tenant
from ..errors import ConflictError
from ..models import AuditLog, Project, Task, Worker

OWNED: tuple[Any, ...] = (Worker, Project, Task, AuditLog)
SET_TENANT = text("SELECT set_config('app.tenant_id', :tenant, true)")


def tenant_session_factory(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Sessions that read and write the current tenant's rows, and no others."""
    return async_sessionmaker(
        engine, class_=AsyncSession, sync_session_class=TenantSession, expire_on_commit=False
    )


class TenantSession(Session):
    """An identity map that is never asked for another tenant's object."""

    def get(self, *arguments: Any, **options: Any) -> Any:
        enter(self)
        return super().get(*arguments, **options)

    def no_bulk(self, *_: Any, **__: Any) -> None:
        raise ConflictError("The legacy bulk methods pass every guard: use insert(Model).")

    bulk_save_objects = bulk_insert_mappings = bulk_update_mappings = no_bulk


def enter(session: Session) -> int:
    """The tenant whose turn it is; what was another's is forgotten, unless a write would be lost."""
    tenant = required_tenant()
    if session.info.get("tenant") != tenant:
        refuse_strangers(session, tenant)
        for row in list(session.identity_map.values()):
            # In __dict__, since an expired attribute would be read from the database.
            if isinstance(row, OWNED) and row.__dict__.get("tenant_id") != tenant:
                if row in session:  # it may have gone along with another one
                    session.expunge(row)
        session.info["tenant"] = tenant
    return tenant


def refuse_strangers(session: Session, tenant: int) -> None:
    """No row of another tenant is written, nor one moved from one tenant to another."""
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, OWNED):
            history = inspect(row).attrs.tenant_id.history
            if set(history.sum()) - {None, tenant}:
                raise ConflictError("A row of another tenant can't be written here.")
            if history.has_changes() and row not in session.new:
                raise ConflictError("A row stays with its tenant.")


def mark(session: Session, connection: Connection, tenant: int) -> None:
    """Tell PostgreSQL's policies whose transaction this is, until its end."""
    if connection.dialect.name == "postgresql":
        connection.execute(SET_TENANT, {"tenant": str(tenant)})
    session.info["marked"] = tenant


@event.listens_for(TenantSession, "after_begin")
def on_begin(session: Session, _: object, connection: Connection) -> None:
    mark(session, connection, enter(session))


@event.listens_for(TenantSession, "after_soft_rollback")
def on_rollback(session: Session, _: object) -> None:
    session.info.pop("marked", None)  # a savepoint undone takes the setting along


@event.listens_for(TenantSession, "before_flush")
def on_flush(session: Session, *_: object) -> None:
    serve(session)
    refuse_strangers(session, session.info["tenant"])


@event.listens_for(TenantSession, "do_orm_execute")
def on_execute(state: ORMExecuteState) -> None:
    tenant = serve(state.session)
    if not state.execution_options.get("tenant_unscoped"):
        refuse_unfiltered(state, tenant)
    if state.is_orm_statement:
        state.statement = state.statement.options(
            *(
                # A lambda, asked for each alias: a plain condition would stay the model's own in
                # an explicit join(alias, on), and let the alias read everybody's rows.
                with_loader_criteria(
                    model, lambda kind: kind.tenant_id == tenant, include_aliases=True
                )
                for model in OWNED
            )
        )


def serve(session: Session) -> int:
    tenant = enter(session)
    connection = session.connection()
    if session.info.get("marked") != tenant:
        mark(session, connection, tenant)
    return tenant


def refuse_unfiltered(state: ORMExecuteState, tenant: int) -> None:
    """What the criteria can't hold: no models, rows from elsewhere, writes past the WHERE."""
    statement: Any = state.statement
    kinds = (Select, Insert, Update, Delete)
    if not state.is_orm_statement or state.is_from_statement or not isinstance(statement, kinds):
        raise ConflictError("Only statements of models can be held to a tenant.")
    if isinstance(statement, (Select, Delete)):
        return
    parameters = state.parameters or {}
    if isinstance(statement, Update) and not isinstance(parameters, Mapping):
        raise ConflictError("An UPDATE by primary key passes the filter: give it a WHERE.")
    if isinstance(statement, Insert):
        if statement.select is not None:
            raise ConflictError("Rows of a SELECT can't be held to a tenant.")
        if statement._post_values_clause is not None:
            raise ConflictError("ON CONFLICT may change a row that isn't ours.")
    rows: list[Any] = [parameters] if isinstance(parameters, Mapping) else list(parameters)
    rows += [statement._values or {}]
    rows += [row for several in statement._multi_values for row in several]
    for row in rows:
        for column, value in row.items() if isinstance(row, Mapping) else [("tenant_id", row)]:
            if getattr(column, "key", column) != "tenant_id":
                continue
            # A value given in VALUES is a bound parameter; an expression, or one bound later, isn't.
            if getattr(value, "unique", False):
                value = value.value
            if type(value) is not int or value != tenant:
                raise ConflictError("A statement can't write another tenant's rows.")
