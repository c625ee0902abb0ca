"""A class works without the answers: nothing in its edition shows them."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from workbook.course import Course
from workbook.starter import EditionError, make_edition

COURSE = Course.load()
BLOCK = 4


def blocks(text: str) -> set[str]:
    """Every few lines that follow each other, without how far they are in."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return {"\n".join(lines[at : at + BLOCK]) for at in range(len(lines) - BLOCK + 1)}


def code_in(folder: Path) -> set[str]:
    return {block for path in folder.rglob("*.py") for block in blocks(path.read_text())}


def outputs(folder: Path) -> Iterator[str]:
    """What the notebooks show, without its markup."""
    for path in folder.glob("notebooks/*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            for output in cell.get("outputs", []):
                for said in (output.get("data") or {"text": output.get("text", "")}).values():
                    yield unescape(re.sub(r"<[^>]*>", "", "".join(said)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_edition(COURSE, tmp_path_factory.mktemp("edition") / "class")


def test_an_edition_shows_no_answer(made: Course) -> None:
    answers = code_in(COURSE.reference) - code_in(COURSE.starter)
    assert len(answers) > 500
    shown, left = (
        [block for text in outputs(root) for block in blocks(text) if block in answers]
        for root in (COURSE.root, made.root)
    )
    assert shown, "the whole repository shows answers, or this looks for the wrong thing"
    assert left == []
    places = ("solution", "alembic", "alembic.ini", "skill", "tests/course")
    assert [place for place in places if (made.root / place).exists()] == []


def test_an_edition_is_a_course_with_a_fresh_starter(made: Course) -> None:
    assert made.checks == COURSE.checks
    assert code_in(made.starter) == code_in(COURSE.starter)
    assert (made.root / "Makefile").is_file()
    assert not (made.root / ".git").exists()


@pytest.mark.parametrize(
    ("place", "says"), [("", "is there already"), ("inside", "lies inside the repository")]
)
def test_an_edition_goes_into_a_new_folder_outside(place: str, says: str, tmp_path: Path) -> None:
    out = COURSE.root / "not" / "here" if place else tmp_path
    with pytest.raises(EditionError, match=says):
        make_edition(COURSE, out)


def test_of_an_edition_there_is_no_edition(made: Course, tmp_path: Path) -> None:
    with pytest.raises(EditionError, match="an edition already"):
        make_edition(made, tmp_path / "again")
