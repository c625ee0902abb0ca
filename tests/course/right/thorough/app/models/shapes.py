"""Conditions that each database puts in its own words."""

from typing import Any

from sqlalchemy import Boolean
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ColumnElement


class HandleShape(ColumnElement[bool]):
    """A text column holds an @ and then 1 to 49 of a-z, 0-9, _ and -."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: str) -> None:
        self.column = column


@compiles(HandleShape, "postgresql")
def _regular_expression(shape: HandleShape, compiler: Any, **kw: Any) -> str:
    return f"{shape.column} ~ '^@[a-z0-9_-]{{1,49}}$'"


@compiles(HandleShape)
def _glob(shape: HandleShape, compiler: Any, **kw: Any) -> str:
    return (
        f"{shape.column} GLOB '@?*' AND length({shape.column}) <= 50 "
        f"AND substr({shape.column}, 2) NOT GLOB '*[^a-z0-9_-]*'"
    )
