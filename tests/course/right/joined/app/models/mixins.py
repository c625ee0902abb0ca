"""What several tables have in common: an owner, the moments of a row, columns of text."""

from datetime import datetime
from functools import partial

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from ..context import current_tenant, required_tenant
from .columns import utc_now

#: A column of text, without a length of its own: what limits there are, CHECKs say by name.
TextField = partial(Field, sa_type=Text)


def present_tenant() -> int | None:
    """Return the tenant of whoever makes a row in Python, if there is one by then."""
    return current_tenant.get(None)


class Owned(SQLModel):
    """A row of one tenant: the one it was made under, or else the one it is written under."""

    tenant_id: int = Field(
        default_factory=present_tenant,
        nullable=False,
        foreign_key="tenant.id",
        ondelete="RESTRICT",
        sa_column_kwargs={"default": required_tenant},
    )


class Created(SQLModel):
    """A row that knows when it was made."""

    created_at: datetime = Field(default_factory=utc_now)


class Changing(Created):
    """A row that knows when it was last changed, by a flush or by a bulk statement."""

    updated_at: datetime = Field(default_factory=utc_now, sa_column_kwargs={"onupdate": utc_now})
