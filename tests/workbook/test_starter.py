"""The starter follows the reference and never takes a student's work away."""

import shutil
from pathlib import Path

import pytest

from workbook import cuts, starter
from workbook.course import Course

TINY = Path(__file__).with_name("tiny_course")
URL = 'raise NotImplementedError("exercise engine.url")'


@pytest.fixture
def tiny(tmp_path: Path) -> Course:
    shutil.copytree(TINY, tmp_path / "tiny")
    return Course.load(tmp_path / "tiny/tool/lessons")


@pytest.fixture
def root(tiny: Course) -> Path:
    """A student's project, not yet begun."""
    starter.sync(tiny)
    return tiny.starter


def edit(root: Path, file: str, old: str, new: str) -> str:
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return text


def every(course: Course) -> set[str]:
    return {exercise.id for exercise in course.exercises}


def test_sync_writes_the_starter_once(tiny: Course) -> None:
    assert starter.differences(tiny)
    first = starter.sync(tiny)
    assert set(first.written) == set(cuts.starter(tiny))
    assert starter.differences(tiny) == []
    assert starter.sync(tiny) == starter.Synced()


def test_sync_follows_the_reference_where_nobody_worked(tiny: Course, root: Path) -> None:
    edit(tiny.reference, "database.py", "The async form.", "The form that waits.")
    assert starter.differences(tiny) == [
        "app/database.py: differs from what the reference gives",
        ".starter.json: holds other hashes than those of the starter",
    ]
    assert starter.sync(tiny).written == ("app/database.py",)
    assert "waits" in (root / "app/database.py").read_text()
    assert starter.differences(tiny) == []


def test_sync_leaves_a_file_that_holds_work_and_names_it(tiny: Course, root: Path) -> None:
    edit(root, "app/database.py", URL, "return text")
    work = (root / "app/database.py").read_bytes()
    for _ in range(2):
        edit(tiny.reference, "database.py", "One session", "A session")
        done = starter.sync(tiny)
        assert done == starter.Synced(refused=("app/database.py",))
        assert (root / "app/database.py").read_bytes() == work
        edit(tiny.reference, "database.py", "A session", "One session")
    assert starter.sync(tiny).refused == ("app/database.py",)


def test_sync_brings_back_a_missing_file_and_takes_away_a_stale_one(
    tiny: Course, root: Path
) -> None:
    (root / "app/database.py").unlink()
    (tiny.reference / "models.py").rename(tiny.reference / "tables.py")
    for path in tiny.folder.glob("*.toml"):
        path.write_text(path.read_text().replace("app/models.py", "app/tables.py"))
    moved = Course.load(tiny.folder)
    done = starter.sync(moved)
    assert done.written == ("app/database.py", "app/tables.py")
    assert done.removed == ("app/models.py",)
    assert starter.differences(moved) == []


def test_sync_never_replaces_what_no_sync_wrote(tiny: Course) -> None:
    path = tiny.starter / "app/database.py"
    path.parent.mkdir(parents=True)
    path.write_text("mine = 1\n")
    assert starter.sync(tiny).refused == ("app/database.py",)
    assert path.read_text() == "mine = 1\n"


def test_a_file_of_nobodys_is_a_difference(tiny: Course, root: Path) -> None:
    (root / "app/extra.py").write_text("")
    assert starter.differences(tiny) == ["app/extra.py: the reference doesn't give this file"]


def test_a_whole_starter_is_untouched(tiny: Course, root: Path) -> None:
    assert starter.untouched(tiny, root) == every(tiny)


def test_the_reference_is_touched_all_over(tiny: Course, tmp_path: Path) -> None:
    starter.fill(tiny, tmp_path / "done", every(tiny))
    assert starter.untouched(tiny, tmp_path / "done") == set()


def test_each_exercise_filled_alone_is_the_one_that_is_touched(
    tiny: Course, tmp_path: Path
) -> None:
    for exercise in tiny.exercises:
        root = tmp_path / exercise.id
        starter.fill(tiny, root, [exercise.id])
        touched = every(tiny) - starter.untouched(tiny, root)
        nested = exercise.id in {"models.place", "models.rename"}  # in a class that is blank
        hidden = nested or exercise.id == "tenancy.limit"  # models.limit's earlier form stays
        assert touched == (set() if hidden else {exercise.id})


def test_comments_and_docstrings_are_no_work(tiny: Course, root: Path) -> None:
    edit(root, "app/database.py", "The async form.", "What I think it is.")
    edit(root, "app/models.py", "# exercise models.task: what task is", "# I begin here")
    assert starter.untouched(tiny, root) == every(tiny)


def test_a_nested_blank_filled_leaves_its_class_untouched(tiny: Course, root: Path) -> None:
    edit(root, "app/models.py", "# exercise models.task: what task is", "owner: int = 1")
    assert every(tiny) - starter.untouched(tiny, root) == {"tenancy.columns"}


def test_what_an_exercise_adds_tells_whether_it_was_begun(tiny: Course, root: Path) -> None:
    path = tiny.folder / "06_tenancy.toml"
    added = path.read_text().replace('"Task.owner" }', '"Task.owner", absent = true }')
    path.write_text(added)
    course = Course.load(tiny.folder)
    starter.fill(course, root, every(course) - {"tenancy.columns"})
    edit(root, "app/models.py", "self.title = title", "self.title = title.strip()")
    assert starter.untouched(course, root) == {"tenancy.columns"}


@pytest.mark.parametrize(
    "text", ["def url(:\n", "x = '\0'\n", "(" * 5000, "x" * 2_000_000, "-" * 100_000 + "1"]
)
def test_a_file_that_cannot_be_read_is_touched(tiny: Course, root: Path, text: str) -> None:
    (root / "app/database.py").write_text(text)
    assert every(tiny) - starter.untouched(tiny, root) == {"engine.url", "engine.sessions"}


def test_blanks_are_known_without_the_reference(tiny: Course, root: Path) -> None:
    shutil.rmtree(tiny.reference)
    edit(root, "app/database.py", URL, "return text")
    course = Course.load(tiny.folder)
    assert every(tiny) - starter.untouched(course, root) == {"engine.url"}
    starter.reset(course, root, "engine.url")
    assert starter.untouched(course, root) == every(tiny)


def test_the_real_starter_is_untouched_and_the_reference_is_not(tmp_path: Path) -> None:
    course = Course.load()
    starter.fill(course, tmp_path / "blank")
    starter.fill(course, tmp_path / "done", every(course))
    cut = {exercise.id for exercise in course.exercises if exercise.cuts}
    assert starter.untouched(course, tmp_path / "blank") == cut
    assert starter.untouched(course, tmp_path / "done") == set()


def test_missing_files_are_untouched(tiny: Course, tmp_path: Path) -> None:
    assert starter.untouched(tiny, tmp_path / "nothing") == every(tiny)


def test_who_has_other_files_than_the_starter_has_begun(tiny: Course, root: Path) -> None:
    text = (root / "app/database.py").read_text()
    (root / "app/database").mkdir()
    (root / "app/database/__init__.py").write_text(text)
    (root / "app/database.py").unlink()
    assert "engine.url" not in starter.untouched(tiny, root)


def test_what_python_warns_about_is_still_read(tiny: Course, root: Path) -> None:
    edit(root, "app/database.py", URL, 'return "\\d"')
    assert every(tiny) - starter.untouched(tiny, root) == {"engine.url"}


def test_a_renamed_function_is_touched(tiny: Course, root: Path) -> None:
    edit(root, "app/database.py", "def url", "def uri")
    assert every(tiny) - starter.untouched(tiny, root) == {"engine.url"}


def test_sync_writes_what_the_reference_quotes_of_itself(tiny: Course) -> None:
    note = tiny.reference / "notes.md"
    note.write_text(
        '# Notes\n\n```python title="app/database.py"\nold\n```\n\n```python\nown\n```\n'
    )
    starter.sync(tiny)
    own = cuts.render(tiny, ())["app/database.py"]
    assert note.read_text() == (
        f'# Notes\n\n```python title="app/database.py"\n{own}```\n\n```python\nown\n```\n'
    )
    note.write_text(note.read_text().replace(own, "new\n"))
    assert [line for line in starter.differences(tiny) if "notes.md" in line] == [
        "app/notes.md: differs from what the reference gives",
        "solution/notes.md: a code block is not the file that it names",
    ]
