"""The verbs of a class are imported when one is used: a student's verbs start sooner."""

import importlib
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

LATER = {
    "grade": "grade",
    "merge": "grade",
    "replay": "appeal",
    "override": "appeal",
    "export": "export",
}
"""The instructor's verbs, each with the module of `workbook.grading.verbs` that it is in."""


class Verbs(TyperGroup):
    """The commands that were added to it, then those of `LATER`."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *LATER]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return super().get_command(ctx, cmd_name) or _later(cmd_name)


def _later(verb: str) -> Any:
    if verb not in LATER:
        return None
    found = getattr(importlib.import_module(f"workbook.grading.verbs.{LATER[verb]}"), verb)
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(rich_help_panel="For a class")(found)
    return get_command(alone)
