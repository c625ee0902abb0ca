"""`workbook assemble` makes a project of an answer and says what it lacks."""

import subprocess
import sys
from pathlib import Path

import pytest

TALLY = Path(__file__).parents[1] / "tally"
ANSWER = "Here it is.\n\n**app/tally.py**\n\n```python\n{}```\n\nRun it:\n\n```bash\npytest\n```\n"


def workbook(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    code = "import sys; from workbook.commands import main; main()"
    options = ["--course", str(TALLY / "lessons"), "--db", "sqlite"]
    return subprocess.run(
        [sys.executable, "-c", code, "assemble", *words, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    code = (TALLY / "reference/tally.py").read_text()
    (tmp_path / "answer.md").write_text(ANSWER.format(code))
    (tmp_path / "mine/app").mkdir(parents=True)
    (tmp_path / "mine/app/__init__.py").write_text("")
    (tmp_path / "mine/app/own.py").write_text("kept = True\n")
    return tmp_path


def test_an_answer_is_laid_over_a_copy_of_the_project_and_graded(place: Path) -> None:
    done = workbook(place, "answer.md", "--over", "mine")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (place / "answer/app/tally.py").is_file()
    assert (place / "answer/app/own.py").is_file()
    assert not (place / "mine/app/tally.py").exists()
    assert "wrote answer/app/tally.py" in done.stdout
    assert "tally." in done.stdout


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        ("```python\nx = 1\n```\n", [], "no code block that says its file"),
        ("Only words.\n", [], "no code block that says its file"),
        (None, [], "there is no file answer.md"),
        ("```python\n# app/tally.py\n```\n", ["--out", "mine"], "mine is there already"),
        ("```python\n# app/tally.py\n```\n", ["--out", "mine/x", "--over", "mine"], "lies inside"),
        ("```python\n# app/tally.py\n```\n", ["--out", "new", "--over", "x"], "does not exist"),
    ],
)
def test_what_can_not_be_assembled_is_exit_2_and_says_the_cure(
    text: str | None, words: list[str], told: str, place: Path
) -> None:
    (place / "answer.md").unlink()
    if text is not None:
        (place / "answer.md").write_text(text)
    done = workbook(place, "answer.md", *words)
    assert done.returncode == 2, done.stdout
    assert told in done.stderr
    assert "Traceback" not in done.stderr
