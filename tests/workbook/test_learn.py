"""What docs/learn.md shows is what the commands take and give."""

import re
import shlex
from pathlib import Path

import click
import pytest
import typer

from workbook.commands import app
from workbook.course import Course
from workbook.judge import plugin
from workbook.judge.verdicts import assemble

TEXT = (Path(__file__).parents[2] / "docs" / "learn.md").read_text(encoding="utf-8")
SHOWN = [
    shlex.split(line)
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.S)
    for line in block.splitlines()
]


@pytest.mark.parametrize("words", [w for w in SHOWN if w[0] == "workbook"], ids=" ".join)
def test_a_command_in_the_guide_is_taken(words: list[str]) -> None:
    group = typer.main.get_command(app)
    command = group.get_command(click.Context(group), words[1])
    assert command is not None
    command.make_context(words[1], words[2:]).close()


def test_the_suite_that_the_guide_runs_with_pytest_holds_the_test_it_names() -> None:
    (words,) = [words for words in SHOWN if words[0] == "python"]
    suites = Path(__file__).parents[2] / words[words.index("pytest") + 1]
    name = words[words.index("-k") + 1]
    assert any(f"def {name}" in path.read_text() for path in suites.glob("test_*.py"))
    options: list[str] = []

    class Parser:
        def getgroup(self, *_names: str) -> "Parser":
            return self

        def addoption(self, name: str, **_more: object) -> None:
            options.append(name)

    plugin.pytest_addoption(Parser())  # type: ignore[arg-type]
    assert {word for word in words if word.startswith("--")} <= set(options)


def test_the_guide_names_every_key_of_a_result() -> None:
    course = Course.load()
    result = assemble(course, course.checks[:1], [], {}, seed=1, databases=["sqlite"])
    named = set(re.findall(r"`(\w+)`", TEXT.partition("## For a program")[2]))
    assert {*result, *result["checks"][0], "waits_for"} <= named
