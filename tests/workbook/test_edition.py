"""A class works without the answers: its edition shows none, and is whole without them."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from workbook import cuts
from workbook.commands import app
from workbook.course import Course
from workbook.starter import EditionError, make_edition, reset, untouched

COURSE = Course.load()
BLOCK = 4
BLANK = 'raise NotImplementedError("exercise engine.sessions")'
SESSIONS = "return async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)"


def blocks(text: str) -> set[str]:
    """Every few lines that follow each other, without how far they are in."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return {"\n".join(lines[at : at + BLOCK]) for at in range(len(lines) - BLOCK + 1)}


def answers() -> set[str]:
    """What a lesson's package holds beyond the starter."""
    packages = [cuts.package_at(COURSE, lesson) for lesson in COURSE.lessons]
    every = {block for package in packages for text in package.values() for block in blocks(text)}
    return every - {block for text in cuts.starter(COURSE).values() for block in blocks(text)}


def texts(path: Path) -> Iterator[str]:
    """What a reader of a file sees: of a notebook its cells and outputs, without their markup."""
    if path.suffix != ".ipynb":
        yield path.read_text(encoding="utf-8")
        return
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        yield "".join(cell["source"])
        for output in cell.get("outputs", []):
            for said in (output.get("data") or {"text": output.get("text", "")}).values():
                yield unescape(re.sub(r"<[^>]*>", "", "".join(said)))


def shown(root: Path, *places: str) -> dict[str, set[str]]:
    """The files with text of an answer in them, and that text."""
    hidden = answers()
    files = [path for place in places for path in (root / place).rglob("*") if path.is_file()]
    found = {
        path.relative_to(root).as_posix(): {b for text in texts(path) for b in blocks(text)}
        & hidden
        for path in files
        if path.suffix != ".pyc"
    }
    return {file: them for file, them in found.items() if them}


def call(course: Course, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--course", str(course.folder)])


def fill_in(course: Course, text: str, blank: str = BLANK) -> None:
    path = course.starter / "app/database.py"
    path.write_text(path.read_text().replace(blank, text))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_edition(COURSE, tmp_path_factory.mktemp("edition") / "class")


@pytest.fixture
def mine(tmp_path: Path) -> Course:
    """An edition to work in."""
    return make_edition(COURSE, tmp_path / "class")


def test_an_edition_shows_no_answer(made: Course) -> None:
    assert {"workbook/lessons/06_tenancy.toml", "notebooks/03_services.ipynb"} <= set(
        shown(COURSE.root, "workbook/lessons", "notebooks")
    ), "the repository shows answers there, or this looks for the wrong thing"
    assert shown(made.root, ".") == {}
    assert {path.name for path in made.root.iterdir()} == {
        ".ci", ".gitignore", "Makefile", "README.md", "docs", "exercises", "notebooks",
        "pyproject.toml", "requirements.lock", "tests", "workbook",
    }  # fmt: skip
    assert [path.name for path in (made.root / "tests").iterdir()] == ["graded"]


def test_an_edition_is_a_course_with_a_fresh_starter(made: Course) -> None:
    assert made.checks == COURSE.checks
    files = (path for path in made.starter.rglob("*") if path.is_file())
    written = {path.relative_to(made.starter).as_posix(): path.read_text() for path in files}
    assert written == cuts.starter(COURSE)
    assert untouched(made, made.starter) == {exercise.id for exercise in made.exercises}


def test_a_reset_in_an_edition_gives_an_earlier_form_with_its_blanks(mine: Course) -> None:
    for file, text in cuts.render(COURSE, ()).items():
        place = mine.starter / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    for exercise in ("tenancy.service", "tenancy.tables"):
        reset(mine, mine.starter, exercise)
    service = (mine.starter / "app/services/task_service.py").read_text()
    assert 'raise NotImplementedError("exercise services.create")' in service
    assert (
        "# exercise models.rules: __table_args__"
        in (mine.starter / "app/models/worker.py").read_text()
    )


def test_every_link_of_an_edition_leads_somewhere(made: Course) -> None:
    pages = [*made.root.rglob("*.md"), *made.root.rglob("*.ipynb")]
    links = [
        (page, link.partition("#")[0])
        for page in pages
        for text in texts(page)
        for link in re.findall(r"\]\(([^)\s]+)\)", text)
        if "://" not in link
    ]
    assert {"README.md", "00_start_here.ipynb"} <= {page.name for page, _ in links}
    assert [(str(page), link) for page, link in links if not (page.parent / link).exists()] == []


@pytest.mark.skipif(sys.platform == "win32", reason="make is not Windows's")
def test_both_commands_of_an_edition_find_what_they_need(made: Course) -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "lab", "test"],
        cwd=made.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        ".ci/set-up lab", ".venv/bin/workbook lab", ".venv/bin/workbook check --begun",
    ]  # fmt: skip


def test_what_is_begun_is_checked_and_the_rest_left_out(mine: Course) -> None:
    fresh = call(mine, "check", "--begun", "--db", "sqlite")
    assert (fresh.exit_code, fresh.stdout) == (0, "")
    assert fresh.stderr == "Nothing is begun yet, so there is nothing to check.\n"
    fill_in(mine, "return None")
    wrong = call(mine, "check", "--begun", "--db", "sqlite")
    assert wrong.exit_code == 1
    assert "0 of 2 points" in wrong.stdout
    assert "engine.url" not in wrong.stdout
    fill_in(mine, SESSIONS, "return None")
    right = call(mine, "check", "--begun", "--db", "sqlite")
    assert right.exit_code == 0
    assert "2 of 2 points" in right.stdout


def test_an_exercise_whose_needs_are_blank_is_not_begun(mine: Course) -> None:
    path = mine.starter / "app/models/task.py"
    path.write_text(
        path.read_text().replace("class Task(", "from sqlalchemy import Index\n\n\nclass Task(")
    )
    assert "production.index" not in untouched(mine, mine.starter)
    assert call(mine, "check", "--begun").exit_code == 0


def test_in_an_edition_there_is_nothing_to_sync_and_nothing_is_lost(mine: Course) -> None:
    before = {path: path.read_bytes() for path in mine.starter.rglob("*.py")}
    for words in (["sync"], ["sync", "--check"]):
        done = subprocess.run(
            [sys.executable, "-c", "from workbook.commands import main; main()", *words,
             "--course", str(mine.folder)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("workbook: there is no solution/ here")
        assert done.stderr.count("\n") == 1
    assert {path: path.read_bytes() for path in mine.starter.rglob("*.py")} == before


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
