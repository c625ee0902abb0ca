"""Given: the base that all tables share, with names for every constraint."""

from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.ext.mutable import MutableDict, MutableList
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

# A constraint without a name can't be altered by a later migration.
NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


#: What is mapped, and by which class.
REGISTRY = registry(metadata=MetaData(naming_convention=NAMES))


class Base(SQLModel, registry=REGISTRY):
    """The ancestor of every table; ``Base.metadata`` knows them all.

    The registry is the package's own, so that other packages' SQLModel tables
    never end up in this schema.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        # SQLModel hands the value to SQLAlchemy, which wraps it to track changes in
        # place, and then to pydantic, which would store the bare dict over the wrapper.
        if name in type(self).model_fields:
            if type(value) is dict:
                value = MutableDict(value)
            elif type(value) is list:
                value = MutableList(value)
        super().__setattr__(name, value)
