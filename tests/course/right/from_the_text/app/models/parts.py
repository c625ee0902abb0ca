"""What the three tables have in common: stamps and links."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, Relationship, SQLModel

from .columns import utc_now


class Created(SQLModel):
    """A row that knows when it came."""

    created_at: datetime = Field(default_factory=utc_now)


class Stamped(Created):
    """A row that also knows when it last changed, whoever sent the UPDATE."""

    updated_at: datetime = Field(default_factory=utc_now, sa_column_kwargs={"onupdate": utc_now})


def optional_key(table: str) -> Any:
    """A key that is empty until told, and again once its row is gone."""
    return Field(default=None, foreign_key=f"{table}.id", ondelete="SET NULL")


def link(key: str, target: str, other_end: str, **options: Any) -> Any:
    """One end of a relationship along ``key``, read only once it was loaded.

    To load it on first use would take a query that attribute access can't await; "raise"
    says so at once, and on every driver.
    """
    passive: Any = options.pop("passive_deletes", False)
    return Relationship(
        back_populates=other_end,
        passive_deletes=passive,
        sa_relationship_kwargs={
            "primaryjoin": f"{target} == {key}",
            "foreign_keys": key,
            "lazy": "raise",
            **options,
        },
    )
