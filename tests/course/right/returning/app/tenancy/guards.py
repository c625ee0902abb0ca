"""What a tenant's session lets through: statements and rows of one tenant."""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any

from sqlalchemy import Delete, Insert, Select, Update, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlalchemy.orm.exc import DetachedInstanceError, ObjectDeletedError

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
    here by itself with ``options``: ``with_loader_criteria(model, lambda cls: …,
    include_aliases=True)`` adds the condition wherever the model appears, in joins, subqueries
    and loaded relationships, in UPDATE and DELETE. One for each of ``tenant_models()``: a class
    they all inherit from would not do, since without a table it has no columns.
    """
    criteria = (
        # Not propagated: what loads relationships later comes by here itself, and an object that is
        # read once more elsewhere must not carry this tenant along.
        with_loader_criteria(
            model,
            lambda cls: cls.tenant_id == tenant,
            include_aliases=True,
            propagate_to_loaders=False,
        )
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
        if hasattr(type(row), "tenant_id") and not is_of(row, tenant):
            raise ConflictError("The row is another tenant's.")


def is_of(row: Any, tenant: int) -> bool:
    """Whether a row is this tenant's and always was; a new one that is nobody's yet will be."""
    state = inspect(row)
    history = state.attrs.tenant_id.history
    if not state.has_identity:
        return set(history.sum()) <= {tenant, None}
    if history.added or history.deleted:
        return False
    if not history.unchanged:
        # Expired, after a rollback perhaps. To read it asks the database, as this tenant.
        try:
            return bool(row.tenant_id == tenant)
        except (ObjectDeletedError, DetachedInstanceError):
            return False
    return list(history.unchanged) == [tenant]


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
    plain = isinstance(statement, MODELS_ONLY) and state.is_orm_statement
    if not plain or state.is_from_statement:
        raise ConflictError("A tenant's session runs statements of models alone.")
    for kind, objection in OBJECTIONS:
        if isinstance(statement, kind) and objection(state, tenant):
            raise ConflictError("The statement may write past the tenant's rows.")


def _foreign_rows(state: ORMExecuteState, tenant: int) -> bool:
    return bool(written_tenants(state) - {tenant})


def _rows_of_a_query(state: ORMExecuteState, _: int) -> bool:
    statement: Any = state.statement
    return statement.select is not None


def _upsert(state: ORMExecuteState, _: int) -> bool:
    return getattr(state.statement, "_post_values_clause", None) is not None


def _by_primary_key(state: ORMExecuteState, _: int) -> bool:
    return bool(state.parameters) and not isinstance(state.parameters, Mapping)


def _past_the_models(state: ORMExecuteState, _: int) -> bool:
    # "core_only" and "bulk" run an UPDATE or DELETE of models where no option of it counts.
    return state.execution_options.get("dml_strategy", "auto") not in {"auto", "orm"}


#: Which kinds of statement are refused when what is said of them.
OBJECTIONS: tuple[tuple[Any, Callable[[ORMExecuteState, int], bool]], ...] = (
    ((Insert, Update), _foreign_rows),
    (Insert, _rows_of_a_query),
    (UPSERTS, _upsert),
    (Update, _by_primary_key),
    ((Update, Delete), _past_the_models),
)


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
