"""What a kernel learns from the workbook: names for cells, and cell magics."""

from __future__ import annotations

from typing import Any, cast

from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import InteractiveShell

from workbook.notebook.answers import answer
from workbook.notebook.both import side_by_side
from workbook.notebook.expecting import expect
from workbook.notebook.serving import served
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
from workbook.seeing import cell, compare, crowd, diagram, measure, record

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


def learn(shell: InteractiveShell) -> None:
    """Makes `%%statements` and `%%answer` known to a shell."""
    cell.load(shell)
    cast(Any, shell).register_magic_function(answer, "cell", "answer")


if (_shell := get_ipython()) is not None:
    learn(_shell)
