"""The owners of all other rows, and what owning means for a table."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from ..whose import whose
from .columns import utc_now
from .registry import Base


class Tenant(Base, table=True):
    """A customer, known by a subdomain."""

    id: int | None = Field(default=None, primary_key=True)
    name: str
    subdomain: str = Field(unique=True)
    created_at: datetime = Field(default_factory=utc_now)


class Owned(SQLModel):
    """A row that is one tenant's."""

    tenant_id: int = Field(default_factory=whose, foreign_key="tenant.id", nullable=False)


def own(column: str, table: str, **options: object) -> ForeignKeyConstraint:
    """A key that leads to a row of the same tenant and to no other."""
    return ForeignKeyConstraint(
        ["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], **options
    )


def own_or_nothing(column: str, table: str) -> ForeignKeyConstraint:
    """The same for a key that another constraint may empty; so look at the commit."""
    return own(column, table, deferrable=True, initially="DEFERRED")
