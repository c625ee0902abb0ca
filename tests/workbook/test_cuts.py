"""Each form of cut leaves the blank it promises, and one that can't says why."""

import shutil
from pathlib import Path

import pytest

from workbook import cuts
from workbook.course import Course, CourseError, Cut, UnknownId
from workbook.cutting.edits import Blank, apply

TINY = Path(__file__).with_name("tiny_course")
DATABASE = (TINY / "solution/database.py").read_text(encoding="utf-8")


@pytest.fixture
def tiny(tmp_path: Path) -> Course:
    shutil.copytree(TINY, tmp_path / "tiny")
    return Course.load(tmp_path / "tiny/tool/lessons")


def test_a_blank_body_keeps_its_docstring_and_names_its_exercise(tiny: Course) -> None:
    text = cuts.render(tiny, ["engine.url"])["app/database.py"]
    assert text == DATABASE.replace(
        '''    """

    # why: a driver is a part of the name
    return text.replace("a", "b")
    # the last word
''',
        '''    """
    raise NotImplementedError("exercise engine.url")
''',
    )


def test_a_blank_generator_stays_one(tiny: Course) -> None:
    text = cuts.render(tiny, ["engine.sessions"])["app/database.py"]
    assert text.endswith(
        '    """One session."""\n'
        '    raise NotImplementedError("exercise engine.sessions")\n'
        "    yield\n"
    )


def test_a_blank_class_keeps_what_it_needs(tiny: Course) -> None:
    text = cuts.render(tiny, ["models.task", "models.bare"])["app/models.py"]
    assert text.endswith(
        '''
class Task:
    """A task."""

    __tablename__ = "task"
    id: int = 0
    # exercise models.task: what task is


class Bare:
    # exercise models.bare: what bare is
    pass
'''
    )


def test_a_blank_statement_goes_with_its_comment(tiny: Course) -> None:
    text = cuts.render(tiny, ["tenancy.columns", "models.place"])["app/models.py"]
    assert "if TYPE_CHECKING:\n    # exercise tenancy.columns: import sessions\n    pass\n" in text
    assert "    # exercise models.place: place\n    # exercise tenancy.columns: owner\n" in text
    assert "kept short" in text


def test_an_earlier_form_is_cut_again_by_an_earlier_exercise(tiny: Course) -> None:
    grown = cuts.package_at(tiny, tiny.lesson("models"))["app/models.py"]
    assert "def rename(self, title: str) -> str:\n        self.title = title\n" in grown
    blank = cuts.render(tiny, ["models.rename", "tenancy.columns"])["app/models.py"]
    assert (
        "    def rename(self, title: str) -> str:\n"
        '        raise NotImplementedError("exercise models.rename")\n' in blank
    )
    later = cuts.render(tiny, ["models.rename"])["app/models.py"]
    assert "by: int = 0) -> str:\n        raise NotImplementedError" in later


def test_a_statement_may_change_in_two_lessons(tiny: Course) -> None:
    forms = {}
    for out in ((), ("tenancy.limit",), ("models.limit",), ("models.limit", "tenancy.limit")):
        forms[out] = cuts.render(tiny, out)["app/models.py"].partition("LIMIT = ")[2][0]
    assert list(forms.values()) == ["3", "2", "1", "1"]


GROWN = """from .names import one
from .places import two

NAMES = [one]

# both, from now on
enter(NAMES)

leave(NAMES)


class Task:
    id: int = 0
    owner: int = 1

    def first(self) -> None:
        pass

    # why it is here
    def second(self) -> None:
        pass
"""
EARLIER = """from .names import one

NAMES = [one]


class Task:
    id: int = 0

    def first(self) -> None:
        pass
"""


def test_what_a_later_lesson_adds_leaves_no_trace() -> None:
    names = ("import two", "call enter", "call leave", "Task.owner", "Task.second")
    added = [{"file": "app/x.py", "statement": name, "absent": True} for name in names]
    blanks = [Blank(Cut.read(table), "tenancy.columns", "columns") for table in added]
    assert apply(GROWN, blanks) == EARLIER


def test_an_absent_statement_has_no_earlier_form() -> None:
    with pytest.raises(ValueError, match="absent"):
        Cut.read({"file": "app/x.py", "statement": "x", "was": "x = 1", "absent": True})


def test_a_file_cut_whole_is_absent(tiny: Course) -> None:
    assert "app/tenant.py" not in cuts.starter(tiny)
    assert cuts.render(tiny, ())["app/tenant.py"] == (TINY / "solution/tenant.py").read_text()


def test_files_beside_the_package_import_it_by_its_name(tiny: Course) -> None:
    texts = cuts.render(tiny, ())
    assert (
        texts["migrations/env.py"]
        == '''"""Migrations of the solution, run by solution."""

import app.models
from app import database
from app.models import Task

path = "app.models"
solution_of = "the solution"
tables = [Task, database.url]
table = app.models.Task
'''
    )
    earlier = cuts.render(tiny, ["tenancy.revision"])["migrations/env.py"]
    assert earlier.endswith("table = app.models.LIMIT\n")
    assert texts["alembic.ini"] == (
        "# the solution\n[alembic]\nprepend_sys_path = %(here)s\ntarget = app.models:Task\n"
    )


def test_windows_line_ends_stay(tiny: Course) -> None:
    path = tiny.reference / "database.py"
    path.write_bytes(DATABASE.replace("\n", "\r\n").encode())
    text = cuts.render(tiny, ["engine.url"])["app/database.py"]
    assert text.count("\n") == text.count("\r\n") > 10


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("01_engine", 'body = "url"', 'body = "uri"', "app/database.py has no function called uri"),
        ("01_engine", 'body = "sessions"', 'body = "url"', "body url is cut 2 times"),
        ("02_models", '"id", ', '"key", ', "keeps key, which it doesn't have"),
        ("02_models", 'statement = "Task.place"', 'class = "Task"', "class Task is cut 2 times"),
        ("02_models", "Task.place", "Task.where", "no statement called Task.where"),
        (
            "06_tenancy",
            "table = solution.models.LIMIT",
            "table =",
            "its earlier form is not Python",
        ),
        ("06_tenancy", "migrations/env.py", "alembic.ini", "is not Python; cut it whole"),
        ("06_tenancy", "app/tenant.py", "app/tenants.py", "the reference has no app/tenants.py"),
    ],
)
def test_a_cut_that_fits_nowhere_is_one_clear_line(
    tiny: Course, file: str, old: str, new: str, fault: str
) -> None:
    path = tiny.folder / f"{file}.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(CourseError) as caught:
        Course.load(tiny.folder)
    assert fault in str(caught.value)
    assert all(line.startswith(f"{file}.toml: ") for line in caught.value.faults)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('    """One session."""\n    try:\n        yield 1\n    finally:\n        pass\n',
         "    yield 1; yield 2\n", "body sessions has a body on one line"),
        ("def url(text: str) -> str:", "def url(text: str) -> str: return text\n\n\ndef x():",
         "body url has a body on one line"),
        ("def url(text", "def url():\n    return 1\n\n\ndef url(text", "2 statements called url"),
        ("return text.", "return text..", "app/database.py:13: "),
    ],
)  # fmt: skip
def test_a_reference_that_cannot_be_cut_says_where(
    tiny: Course, old: str, new: str, fault: str
) -> None:
    assert old in DATABASE
    (tiny.reference / "database.py").write_text(DATABASE.replace(old, new))
    with pytest.raises(CourseError) as caught:
        Course.load(tiny.folder)
    assert fault in str(caught.value)


def test_an_exercise_nobody_knows_is_refused(tiny: Course) -> None:
    with pytest.raises(UnknownId, match=r"engine\.uri"):
        cuts.render(tiny, ["engine.uri"])
