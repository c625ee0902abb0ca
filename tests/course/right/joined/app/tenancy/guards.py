"""What a tenant's session lets through: statements and rows of one tenant."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from sqlalchemy import Delete, Insert, Select, Update, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import NO_VALUE, InstanceState, ORMExecuteState, with_loader_criteria

from ..errors import ConflictError
from ..models import Base

MODELS_ONLY = (Select, Insert, Update, Delete)
UPSERTS = (postgresql.Insert, sqlite.Insert)


def tenant_models() -> list[Any]:
    """Given: the classes whose tables have a ``tenant_id``."""
    return [model for model in Base.__subclasses__() if "tenant_id" in model.model_fields]


def filter_by_tenant(state: ORMExecuteState, tenant: int) -> None:
    """Make a statement of models see the tenant's rows alone, wherever they appear in it.

    Runs before each such statement of a tenant's session. ``state.statement`` may be replaced,
    here by itself with ``options``: ``with_loader_criteria(model, condition,
    include_aliases=True)`` adds the condition wherever the model appears, in joins, subqueries
    and loaded relationships, in UPDATE and DELETE. One for each of ``tenant_models()``: a class
    they all inherit from would not do, since without a table it has no columns.
    """
    criteria = (
        with_loader_criteria(model, model.tenant_id == tenant, include_aliases=True)
        for model in tenant_models()
    )
    state.statement = state.statement.options(*criteria)


def check_rows(rows: Iterable[Any], tenant: int) -> None:
    """Refuse to write a row that isn't the tenant's, with a ``ConflictError``.

    Runs before each flush, with every object that is new, changed or deleted. Tenants
    themselves have no ``tenant_id`` and pass. An object that was moved is refused, even to this
    tenant: ``inspect(row).attrs.tenant_id.history.deleted`` holds whose it was.
    """
    for row in rows:
        if not owned_by(row, tenant):
            raise ConflictError(f"A {type(row).__name__} here is not this tenant's.")


def owned_by(row: Any, tenant: int) -> bool:
    """Tell whether a row may be written for a tenant, without asking the database."""
    state: InstanceState[Any] = inspect(row)
    if "tenant_id" not in state.attrs:
        return True
    owner, moved_from = state.attrs.tenant_id.loaded_value, state.attrs.tenant_id.history.deleted
    if any(former is not None for former in moved_from or ()):
        return False
    if owner is NO_VALUE and state.persistent:
        # Expired, and a look would be a statement of its own: a session loads one tenant's rows.
        owner = getattr(state.session, "tenant", None)
    return owner in (None, NO_VALUE, tenant)


def check_statement(state: ORMExecuteState, tenant: int) -> None:
    """Refuse a statement that no filter can hold, with a ``ConflictError``.

    Runs before each statement of a tenant's session, except those with the execution option
    ``tenant_unscoped``. Two kinds are refused:

    - What isn't a SELECT, INSERT, UPDATE or DELETE of models (``MODELS_ONLY``): text, Core's
      tables, a UNION (``state.is_orm_statement``, ``state.is_from_statement``).
    - What writes past the filter: rows with another ``tenant_id`` (``written_tenants`` reads
      them), an INSERT from a SELECT (``statement.select``) or with ON CONFLICT (``UPSERTS``),
      an UPDATE by primary key (``state.parameters`` is a list).

    A raw connection passes by here, and a table or a piece of text inside a statement of models
    isn't noticed: PostgreSQL's policies hold all three, on SQLite nothing does.
    """
    statement = state.statement
    if state.is_from_statement or not (
        state.is_orm_statement and isinstance(statement, MODELS_ONLY)
    ):
        raise ConflictError("A tenant's session runs SELECT, INSERT, UPDATE, DELETE of models.")
    match statement:
        case Insert() if statement.select is not None or isinstance(statement, UPSERTS):
            raise ConflictError("A tenant's session takes no INSERT that may write past it.")
        case Update() if isinstance(state.parameters, list):
            raise ConflictError("A tenant's session takes no UPDATE by primary key.")
        case Insert() | Update() if not written_tenants(state) <= {tenant}:
            raise ConflictError("A tenant's session writes no rows of another tenant.")


def written_tenants(state: ORMExecuteState) -> set[Any]:
    """Given: what an INSERT or UPDATE says of ``tenant_id``; nothing leaves it to its default.

    An expression comes out as itself, so that it is no tenant's number.
    """
    statement: Any = state.statement
    given = state.parameters or ()
    # SQLAlchemy has no public name for what stands in VALUES and SET.
    rows = [statement._values or {}, *chain(*statement._multi_values)]
    rows += [given] if isinstance(given, Mapping) else given
    return {
        getattr(value, "value", value)
        for row in rows
        for column, value in (row.items() if isinstance(row, Mapping) else [("tenant_id", row)])
        if getattr(column, "key", column) == "tenant_id"
    }
