"""JSON columns that notice changes made in place."""

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.mutable import MutableDict, MutableList
from sqlalchemy.orm import attributes
from sqlmodel import SQLModel


def json_dict() -> Any:
    return MutableDict.as_mutable(JSON().with_variant(JSONB(), "postgresql"))


def json_list() -> Any:
    return MutableList.as_mutable(JSON().with_variant(JSONB(), "postgresql"))


class TracksJson(SQLModel):
    """For tables with such columns: SQLModel would put the plain value over the tracked one."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, (dict, list)) and name in ("meta", "tags"):
            attributes.set_attribute(self, name, value)
            self.__pydantic_fields_set__.add(name)
        else:
            super().__setattr__(name, value)
