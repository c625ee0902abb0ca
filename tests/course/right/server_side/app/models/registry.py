"""The ancestor of every table: SQLModel's own registry and metadata, no naming convention.

Every constraint in this package is named where it is written.
"""

from typing import Any

from sqlalchemy.ext.mutable import MutableDict, MutableList
from sqlmodel import SQLModel

_TRACKED = {dict: MutableDict, list: MutableList}


class Base(SQLModel):
    """Everything the database computes is fetched with the statement that made it compute."""

    __mapper_args__ = {"eager_defaults": True}

    def __setattr__(self, name: str, value: Any) -> None:
        # pydantic would store the bare container over SQLAlchemy's tracked one
        tracked = _TRACKED.get(type(value))
        if tracked is not None and name in type(self).model_fields:
            value = tracked(value)
        super().__setattr__(name, value)
