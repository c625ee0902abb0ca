"""The verbs of a class are imported when one is used: a student's verbs start sooner."""

import importlib
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command

LATER = "workbook.grading.command"
"""A module whose `app` has more verbs."""


class Verbs(TyperGroup):
    """The commands that were added to it, then those of `LATER`."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *_later().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return super().get_command(ctx, cmd_name) or _later().get_command(ctx, cmd_name)


def _later() -> Any:
    return get_command(importlib.import_module(LATER).app)
