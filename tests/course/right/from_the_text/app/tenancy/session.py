"""A session that asks, before all it does, for whom."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Delete, Insert, Select, Update, event, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlmodel import Session, col
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError
from ..models import OWNED, Owned
from ..models.row_security import SETTING
from ..whose import whose


class OneTenantAtATime(Session):
    """Serves the context's tenant; what it knew of another one is gone by then."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._served: int | None = None
        self._announced: int | None = None
        event.listen(self, "after_begin", self._on_begin)
        event.listen(self, "after_soft_rollback", self._on_rollback)
        event.listen(self, "do_orm_execute", self._on_statement)
        event.listen(self, "before_flush", self._on_flush)

    # The ways in that may be answered from memory.

    def get(self, *arguments: Any, **options: Any) -> Any:
        self._turn_to(whose())
        return super().get(*arguments, **options)

    def merge(self, *arguments: Any, **options: Any) -> Any:
        self._turn_to(whose())
        return super().merge(*arguments, **options)

    # The ways in that no event tells of.

    def bulk_save_objects(self, *_: Any, **__: Any) -> Any:
        raise ConflictError("Add the objects one by one.")

    def bulk_insert_mappings(self, *_: Any, **__: Any) -> Any:
        raise ConflictError("Insert with insert(Model).")

    def bulk_update_mappings(self, *_: Any, **__: Any) -> Any:
        raise ConflictError("Update with update(Model).")

    def _turn_to(self, tenant: int) -> None:
        if self._served not in (None, tenant):
            _only_of(tenant, self._pending())
            for remembered in self.identity_map.all_states():
                if (row := remembered.obj()) is not None and row in self:
                    self.expunge(row)
        self._served = tenant

    def _pending(self) -> list[Any]:
        return [*self.new, *self.dirty, *self.deleted]

    def _announce(self, connection: Connection, tenant: int) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL {SETTING} = '{int(tenant)}'"))
        self._announced = tenant

    def _on_begin(self, _: object, __: object, connection: Connection) -> None:
        self._announce(connection, whose())

    def _on_rollback(self, *_: object) -> None:
        self._announced = None

    def _ready(self) -> int:
        tenant = whose()
        self._turn_to(tenant)
        connection = self.connection()
        if self._announced != tenant:
            self._announce(connection, tenant)
        return tenant

    def _on_flush(self, *_: object) -> None:
        _only_of(self._ready(), self._pending())

    def _on_statement(self, state: ORMExecuteState) -> None:
        tenant = self._ready()
        if not state.execution_options.get("tenant_unscoped"):
            _judge(state, tenant)
        if state.is_orm_statement:
            state.statement = state.statement.options(
                *(
                    with_loader_criteria(
                        model, lambda cls: col(cls.tenant_id) == tenant, include_aliases=True
                    )
                    for model in OWNED
                )
            )


def _only_of(tenant: int, rows: Iterable[Any]) -> None:
    """Every row is this tenant's, was it before, and will be."""
    for row in rows:
        if isinstance(row, Owned):
            history = inspect(row).attrs["tenant_id"].history
            if any(owner != tenant for owner in (row.tenant_id, *(history.deleted or ()))):
                raise ConflictError("This row belongs to another tenant.")


def _judge(state: ORMExecuteState, tenant: int) -> None:
    """Let pass what the filter holds."""
    statement: Any = state.statement
    if isinstance(statement, Select | Delete):
        fine = state.is_orm_statement
    elif isinstance(statement, Update):
        # With a list of parameters it is an UPDATE by primary key, which has no WHERE.
        fine = state.is_orm_statement and not isinstance(state.parameters, list)
    elif isinstance(statement, Insert):
        upsert = isinstance(statement, postgresql.Insert | sqlite.Insert)
        fine = state.is_orm_statement and statement.select is None and not upsert
    else:
        fine = False
    if not fine or state.is_from_statement:
        raise ConflictError("No filter can hold this statement to one tenant.")
    if isinstance(statement, Insert | Update) and _named_owners(state) - {tenant}:
        raise ConflictError("This statement writes another tenant's rows.")


def _named_owners(state: ORMExecuteState) -> set[Any]:
    statement: Any = state.statement
    rows: list[Any] = [statement._values or {}]
    for several in getattr(statement, "_multi_values", ()):
        rows.extend(several)
    parameters = state.parameters or []
    rows.extend(parameters if isinstance(parameters, list) else [parameters])
    owners: set[Any] = set()
    for row in rows:
        if not isinstance(row, dict):
            owners.add(object())  # values without names: nobody can tell
            continue
        for column, value in row.items():
            if getattr(column, "key", column) == "tenant_id":
                owners.add(getattr(value, "value", value))
    return owners


def tenant_session_factory(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Return a maker of sessions that serve the context's tenant."""
    return async_sessionmaker(
        bind=engine,
        class_=AsyncSession,
        sync_session_class=OneTenantAtATime,
        expire_on_commit=False,
    )
