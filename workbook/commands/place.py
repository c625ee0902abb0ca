"""Where a command finds its course, and who it speaks to."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from workbook.databases import KINDS

console = Console(highlight=False, soft_wrap=False)
aside = Console(stderr=True, highlight=False)


class Db(StrEnum):
    """The databases to check on."""

    sqlite = "sqlite"
    postgresql = "postgresql"
    both = "both"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The databases it stands for."""
        return KINDS if self is Db.both else (self.value,)


CourseOption = Annotated[
    Path | None,
    typer.Option("--course", help="A course folder with course.toml.", envvar="WORKBOOK_COURSE"),
]
TargetOption = Annotated[
    Path | None, typer.Option("--target", "-t", help="The project root (default: exercises).")
]
DbOption = Annotated[Db, typer.Option("--db", help="The databases to check on.")]
DbUrlOption = Annotated[
    str | None,
    typer.Option(
        "--db-url", help="An existing PostgreSQL server to use.", envvar="WORKBOOK_DB_URL"
    ),
]
SeedOption = Annotated[int | None, typer.Option("--seed", help="The seed of the random inputs.")]
