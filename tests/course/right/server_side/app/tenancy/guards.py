"""What a tenant's session lets through: statements and rows of one tenant."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from sqlalchemy import Delete, Insert, Select, Update, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria

from ..errors import ConflictError
from ..models import Base

MODELS_ONLY = (Select, Insert, Update, Delete)
UPSERTS = (postgresql.Insert, sqlite.Insert)


def tenant_models() -> list[Any]:
    """Given: the classes whose tables have a ``tenant_id``."""
    return [model for model in Base.__subclasses__() if "tenant_id" in model.model_fields]


def filter_by_tenant(state: ORMExecuteState, tenant: int) -> None:
    """Make a statement of models see the tenant's rows alone, wherever they appear in it.

    Runs before each such statement of a tenant's session.
    """
    state.statement = state.statement.options(*criteria(tenant))


def criteria(tenant: int) -> tuple[Any, ...]:
    """Of each model with an owner: this tenant's rows, under whatever alias."""
    return tuple(
        with_loader_criteria(model, lambda cls: cls.tenant_id == tenant, include_aliases=True)
        for model in tenant_models()
    )


def check_rows(rows: Iterable[Any], tenant: int) -> None:
    """Refuse to write a row that isn't the tenant's, with a ``ConflictError``.

    Runs before each flush, with every object that is new, changed or deleted. Tenants
    themselves have no ``tenant_id`` and pass. An object that was moved is refused, even to this
    tenant: ``inspect(row).attrs.tenant_id.history.deleted`` holds whose it was.
    """
    for row in rows:
        if not isinstance(row, tuple(tenant_models())):
            continue
        owners = inspect(row).attrs.tenant_id.history
        known = {owner for owner in (*owners.sum(), row.tenant_id) if owner is not None}
        # set anew where the old value wasn't loaded: nobody can say whose it was
        unseen = inspect(row).has_identity and owners.added and not owners.deleted
        if known - {tenant} or unseen:
            raise ConflictError("A row of another tenant can't be written here.")


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
    statement: Any = state.statement
    if (
        not state.is_orm_statement
        or state.is_from_statement
        or not isinstance(statement, MODELS_ONLY)
    ):
        raise ConflictError("Only statements of models can be held to a tenant.")
    if isinstance(statement, Select | Delete):
        return
    if isinstance(statement, UPSERTS) or getattr(statement, "select", None) is not None:
        raise ConflictError("An upsert or an INSERT from a SELECT can't be held to a tenant.")
    if isinstance(statement, Update) and isinstance(state.parameters, list | tuple):
        raise ConflictError("An UPDATE by primary key can't be held to a tenant.")
    if any(owner != tenant for owner in map(plain, written_tenants(state))):
        raise ConflictError("A row of another tenant can't be written here.")


def plain(owner: Any) -> int | None:
    """A number as it is; an expression is nobody's."""
    return owner if isinstance(owner, int) else None


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
