"""The workbook in a notebook: one set-up cell, three verbs, and a look at the database.

    from workbook.notebook import *
    open_lesson("services")

Then `await check(id)`, `hint(id)` and `build(id)` for every exercise; `%%statements` above
a cell shows what it sent; `%%answer services.1` keeps its words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbook.notebook.kernel import (
        ask_before_build,
        build,
        check,
        compare,
        course_map,
        crowd,
        diagram,
        expect,
        fresh_database,
        hint,
        measure,
        open_lesson,
        project,
        record,
        served,
        side_by_side,
    )

__all__ = [
    "ask_before_build",
    "build",
    "check",
    "compare",
    "course_map",
    "crowd",
    "diagram",
    "expect",
    "fresh_database",
    "hint",
    "measure",
    "open_lesson",
    "project",
    "record",
    "served",
    "side_by_side",
]


def __getattr__(name: str) -> Any:
    """The names above, on first use: the command line reads progress without a kernel."""
    if name in __all__:
        from workbook.notebook import kernel

        return getattr(kernel, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
