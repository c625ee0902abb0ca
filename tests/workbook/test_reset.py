"""A reset puts one blank back, and keeps the old text and the rest."""

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


@pytest.mark.parametrize("id", ["engine.url", "engine.sessions", "models.task", "models.bare",
                                "tenancy.revision"])  # fmt: skip
def test_what_is_filled_can_be_put_back(tiny: Course, root: Path, id: str) -> None:
    fresh = {file: (root / file).read_bytes() for file in cuts.starter(tiny)}
    starter.fill(tiny, root, [id])
    filled = {file: (root / file).read_bytes() for file in fresh}
    kept = starter.reset(tiny, root, id)
    assert {file: (root / file).read_bytes() for file in fresh} == fresh
    assert {file: path.read_bytes() for file, path in kept.items()} == {
        file: filled[file] for file in kept
    }
    assert starter.reset(tiny, root, id) == {}


def test_a_reset_leaves_the_rest_of_the_file(tiny: Course, root: Path) -> None:
    edit(root, "app/database.py", URL, "helper()\n    return text  # mine")
    edit(root, "app/database.py", "async def", "def helper():\n    return 1\n\n\nasync def")
    edit(root, "app/database.py", 'raise NotImplementedError("exercise engine.sessions")', "x = 2")
    starter.reset(tiny, root, "engine.url")
    text = (root / "app/database.py").read_text()
    assert f"    {URL}\n\n\ndef helper():\n    return 1\n" in text
    assert "    x = 2\n    yield\n" in text


def test_a_reset_keeps_every_older_text(tiny: Course, root: Path) -> None:
    texts = []
    for number in range(3):
        edit(root, "app/database.py", URL, f"return {number}")
        texts.append((root / "app/database.py").read_text())
        kept = starter.reset(tiny, root, "engine.url")
        assert kept["app/database.py"].read_text() == texts[-1]
    names = sorted(path.name for path in (root / "app").glob("*.before-reset*"))
    assert names == [f"database.py.before-reset{end}" for end in ("", "-2", "-3")]


def test_a_reset_of_a_class_keeps_what_other_exercises_wrote(tiny: Course, root: Path) -> None:
    edit(
        root,
        "app/models.py",
        "    # exercise models.task: what task is\n",
        "    # exercise models.task: what task is\n\n    title: str = 'mine'\n    owner: int = 1\n",
    )
    starter.reset(tiny, root, "models.task")
    text = (root / "app/models.py").read_text()
    assert "    # exercise models.task: what task is\n\n    owner: int = 1\n" in text
    assert "mine" not in text
    assert text.count("# exercise models.task") == 1


def test_a_reset_gives_back_an_earlier_form_with_its_blanks(tiny: Course, root: Path) -> None:
    starter.fill(tiny, root, every(tiny) - {"engine.url"})
    kept = starter.reset(tiny, root, "tenancy.columns")
    text = (root / "app/models.py").read_text()
    assert set(kept) == {"app/models.py", "app/tenant.py"}
    assert not (root / "app/tenant.py").exists()
    assert "def rename(self, title: str) -> str:" in text
    assert "# exercise tenancy.columns: owner" in text
    assert 'title: str = "naïve"' in text


def test_a_reset_gives_back_what_an_earlier_exercise_begins_with(tiny: Course, root: Path) -> None:
    starter.fill(tiny, root, every(tiny))
    starter.reset(tiny, root, "tenancy.limit")
    assert "\nLIMIT = 1\n" in (root / "app/models.py").read_text()


def test_a_reset_copes_with_tabs_windows_lines_and_a_mark(tiny: Course, root: Path) -> None:
    work = '\ufeffdef url(text):\r\n\t"""Mine."""\r\n\treturn text\r\n\r\n# end\r\n'
    (root / "app/database.py").write_bytes(work.encode())
    starter.reset(tiny, root, "engine.url")
    text = (root / "app/database.py").read_bytes().decode()
    assert text == work.replace("return text", URL)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("def url(text: str)", "def url(text: str", "app/database.py:6: this can't be read"),
        ("def url", "def uri", "app/database.py has no function called url; nothing was changed"),
        (URL, f"{URL}; x = 1", "a body on one line"),
        ('"""The engine."""', "def url(): return 1", "2 statements called url"),
    ],
)
def test_a_reset_that_cannot_be_says_what_to_do(
    tiny: Course, root: Path, old: str, new: str, says: str
) -> None:
    edit(root, "app/database.py", old, new)
    before = (root / "app/database.py").read_bytes()
    with pytest.raises(starter.ResetError, match=f"^.*{says}") as caught:
        starter.reset(tiny, root, "engine.url")
    assert "\n" not in str(caught.value)
    assert "reset again" in str(caught.value)
    assert (root / "app/database.py").read_bytes() == before
    assert not list(root.rglob("*.before-reset*"))


def test_a_class_without_its_key_is_not_reset(tiny: Course, root: Path) -> None:
    edit(root, "app/models.py", "    id: int = 0\n", "    key: int = 0\n")
    with pytest.raises(starter.ResetError, match="class Task keeps id, which it doesn't have"):
        starter.reset(tiny, root, "models.task")


def test_a_folder_in_a_files_place_is_not_reset(tiny: Course, root: Path) -> None:
    (root / "app/database.py").unlink()
    (root / "app/database.py").mkdir()
    with pytest.raises(starter.ResetError, match="can't be read"):
        starter.reset(tiny, root, "engine.url")
