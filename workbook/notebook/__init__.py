"""The workbook in a notebook: one set-up cell, three verbs, and a look at the database.

    from workbook.notebook import *
    open_lesson("services")

Then `await check(id)`, `hint(id)` and `build(id)` for every exercise; `%%statements` above
a cell shows what it sent; `%%answer services.1` keeps its words.
"""

from __future__ import annotations

from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import InteractiveShell

from workbook.notebook.answers import answer
from workbook.notebook.both import side_by_side
from workbook.notebook.verbs import (
    ask_before_build,
    build,
    check,
    course_map,
    fresh_database,
    hint,
    open_lesson,
    project,
)
from workbook.seeing import cell, compare, crowd, diagram, record

__all__ = [
    "ask_before_build",
    "build",
    "check",
    "compare",
    "course_map",
    "crowd",
    "diagram",
    "fresh_database",
    "hint",
    "open_lesson",
    "project",
    "record",
    "side_by_side",
]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Makes the verbs and the cell magics known: `%load_ext workbook.notebook`."""
    _learn_magics(shell)
    shell.push({name: globals()[name] for name in __all__})  # type: ignore[no-untyped-call]


def _learn_magics(shell: InteractiveShell) -> None:
    cell.load(shell)
    shell.register_magic_function(answer, "cell", "answer")  # type: ignore[arg-type]


if (_shell := get_ipython()) is not None:
    _learn_magics(_shell)
