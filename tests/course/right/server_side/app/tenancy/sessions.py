"""Sessions that belong to the tenant who uses them."""

from typing import Any

from sqlalchemy import Connection, event, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlalchemy.orm import ORMExecuteState
from sqlmodel import Session
from sqlmodel.ext.asyncio.session import AsyncSession

from ..context import current_tenant, required_tenant
from ..errors import ConflictError
from .guards import check_rows, check_statement, filter_by_tenant


def tenant_session_factory(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Given: a maker of sessions that serve the context's tenant and nobody else.

    They read, insert, update and delete that tenant's rows alone, and outside any tenant they
    raise ``TenantRequiredError``. Used under a second tenant, a session forgets the first one's
    objects; while it holds changes to them that were not flushed, it refuses.
    """
    return async_sessionmaker(
        engine, class_=AsyncSession, expire_on_commit=False, sync_session_class=TenantSession
    )


class TenantSession(Session):
    """Given, but for ``enter``: asks for the tenant at every door, and ``guards`` about the rest.

    An ``AsyncSession`` wraps one and calls it in a greenlet, so all of this is synchronous.
    """

    #: For whom the objects in here were loaded, and for whom the transaction is marked.
    tenant: int | None = None
    marked: int | None = None

    def enter(self) -> int:
        """Return the context's tenant, having forgotten all objects of an earlier one.

        Called before a row is looked up, a statement runs, a flush begins. ``session.get`` asks
        ``self.identity_map`` before it asks the database, and no filter sees what is found
        there: ``expunge`` each of its ``values()`` once ``self.tenant`` is somebody else (a list
        of them, as it changes; some go along with others). ``check_rows`` first: what is new,
        dirty or deleted and not this tenant's would be lost.
        """
        tenant = required_tenant()
        if self.tenant not in (None, tenant):
            check_rows([*self.new, *self.dirty, *self.deleted], tenant)
            for row in list(self.identity_map.values()):
                if row in self:
                    self.expunge(row)
        self.tenant = tenant
        return tenant

    def serve(self) -> int:
        """Enter, and see that the transaction says for whom it is."""
        tenant = self.enter()
        connection = self.connection()
        if self.marked != tenant:
            self.mark(connection, tenant)
        return tenant

    def mark(self, connection: Connection, tenant: int) -> None:
        mark(connection, tenant)
        self.marked = tenant

    def get(self, *arguments: Any, **options: Any) -> Any:
        self.enter()
        return super().get(*arguments, **options)

    def refuse(self, *_: Any, **__: Any) -> None:
        """The old bulk methods run past every event: use insert(Model) and the like."""
        raise ConflictError("A tenant's session has no bulk methods: use insert(Model).")

    bulk_save_objects = bulk_insert_mappings = bulk_update_mappings = refuse


def mark(connection: Connection, tenant: int) -> None:
    """Tell PostgreSQL whose transaction this is, for its policies, until the end of it.

    ``SELECT set_config('app.tenant_id', :tenant, true)``: the value is text, and true makes it
    LOCAL. A setting that isn't stays with the connection, for whoever gets it from the pool
    next. SQLite has no settings, and no policies.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(
            select(func.set_config("app.tenant_id", str(tenant), True)),  # True: LOCAL
        )


@event.listens_for(TenantSession, "transient_to_pending")
def stamp(_: TenantSession, row: Any) -> None:
    """A new row is the tenant's who added it, whoever flushes it."""
    if getattr(row, "tenant_id", 0) is None:
        row.tenant_id = current_tenant.get(None)


@event.listens_for(TenantSession, "after_begin")
def mark_each_transaction(session: TenantSession, _: object, connection: Connection) -> None:
    # Not once a session: after a commit the next transaction begins without a mark.
    session.mark(connection, required_tenant())


@event.listens_for(TenantSession, "after_soft_rollback")
def forget_the_mark(session: TenantSession, _: object) -> None:
    session.marked = None  # a savepoint that is undone takes it along


@event.listens_for(TenantSession, "do_orm_execute")
def before_each_statement(state: ORMExecuteState) -> None:
    session: Any = state.session
    tenant = session.serve()
    if not state.execution_options.get("tenant_unscoped"):
        check_statement(state, tenant)
    if state.is_orm_statement:
        filter_by_tenant(state, tenant)


@event.listens_for(TenantSession, "before_flush")
def before_each_flush(session: TenantSession, *_: object) -> None:
    tenant = session.serve()
    check_rows([*session.new, *session.dirty, *session.deleted], tenant)
