"""What a tenant's session lets through: statements and rows of one tenant."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from sqlalchemy import Delete, Insert, Select, Update, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria

from ..errors import ConflictError
from ..models.registry import REGISTRY

MODELS_ONLY = (Select, Insert, Update, Delete)
UPSERTS = (postgresql.Insert, sqlite.Insert)


def tenant_models() -> list[Any]:
    """Given: the classes whose tables have a ``tenant_id``."""
    return [mapper.class_ for mapper in REGISTRY.mappers if "tenant_id" in mapper.columns]


def filter_by_tenant(state: ORMExecuteState, tenant: int) -> None:
    """Make a statement of models see the tenant's rows alone, wherever they appear in it.

    Runs before each such statement of a tenant's session. ``state.statement`` may be replaced,
    here by itself with ``options``: ``with_loader_criteria(model, lambda cls: …,
    include_aliases=True)`` adds the condition wherever the model appears, in joins, subqueries
    and loaded relationships, in UPDATE and DELETE. The lambda is given the model or its alias;
    a condition written out would name the model's own table, and a join to an alias would let
    every tenant's rows through. One for each of ``tenant_models()``: a class they all inherit
    from would not do, since without a table it has no columns.
    """
    raise NotImplementedError("exercise tenancy.reads")


def check_rows(rows: Iterable[Any], tenant: int) -> None:
    """Refuse to write a row that isn't the tenant's, with a ``ConflictError``.

    Runs before each flush, with every object that is new, changed or deleted. Tenants
    themselves have no ``tenant_id`` and pass. An object that was moved is refused, even to this
    tenant: ``inspect(row).attrs.tenant_id.history.deleted`` holds whose it was.
    """
    # exercise tenancy.writes: so far every row passes


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
    # exercise tenancy.statements: so far every statement passes


def written_tenants(state: ORMExecuteState) -> set[Any]:
    """Given: what an INSERT or UPDATE says of ``tenant_id``; nothing leaves it to its default.

    An expression comes out as itself, so that it is no tenant's number; so does a parameter with
    a name, whose value may come later.
    """
    statement: Any = state.statement
    given = state.parameters or ()
    # SQLAlchemy has no public name for what stands in VALUES and SET.
    rows = [statement._values or {}, *chain(*statement._multi_values)]
    rows += [given] if isinstance(given, Mapping) else given
    return {
        value.value if getattr(value, "unique", False) else value
        for row in rows
        for column, value in (row.items() if isinstance(row, Mapping) else [("tenant_id", row)])
        if getattr(column, "key", column) == "tenant_id"
    }
