"""Every command that docs/teach.md shows is one the command line takes."""

import re
import shlex
from pathlib import Path

import click
import pytest
import typer

from workbook.commands import app
from workbook.commands.verbs import LATER

TEACH = Path(__file__).parents[3] / "docs" / "teach.md"
SHOWN = [
    line
    for block in re.findall(r"```console\n(.*?)```", TEACH.read_text(encoding="utf-8"), re.S)
    for line in block.splitlines()
]


@pytest.mark.parametrize("line", SHOWN)
def test_a_command_in_the_guide_is_taken(line: str) -> None:
    program, verb, *words = shlex.split(line)
    assert program == "workbook"
    group = typer.main.get_command(app)
    command = group.get_command(click.Context(group), verb)
    assert command is not None
    command.make_context(verb, words).close()


def test_the_guide_shows_every_verb() -> None:
    verbs = {shlex.split(line)[1] for line in SHOWN}
    assert verbs == {*LATER, "doctor", "edition"}
