"""Progress and answers are small files that survive what happens to a kernel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workbook.course import Course
from workbook.notebook.answers import read_answers, write_answers
from workbook.notebook.progress import Progress


def result(**verdicts: str) -> dict[str, Any]:
    checks = [
        {"id": f"services.get.{name}", "verdict": verdict.replace("_", " ")}
        for name, verdict in verdicts.items()
    ]
    return {"schema": 1, "checks": checks}


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(tmp_path / "state" / "progress.json")


def test_nothing_is_done_before_the_first_check(progress: Progress) -> None:
    assert progress.passed == set()
    assert progress.attempts("services.get") == 0
    assert progress.hints("services.get") == 0
    assert progress.asks
    assert not progress.path.exists()


def test_what_passed_is_kept_for_the_next_process(progress: Progress) -> None:
    progress.record(result(a="ok", b="not yet"))
    assert Progress(progress.path).passed == {"services.get.a"}
    assert Progress(progress.path).attempts("services.get") == 1


def test_a_check_that_no_longer_passes_is_open_again(progress: Progress) -> None:
    progress.record(result(a="ok", b="ok"))
    progress.record(result(a="not yet", b="not checked"))
    assert progress.passed == {"services.get.b"}


def test_what_passed_on_one_database_is_told_from_what_passed_on_both(progress: Progress) -> None:
    course = Course.load()
    id = "services.get.loads_the_assignee"

    def record(verdict: str, *kinds: str) -> None:
        row = {"id": id, "verdict": verdict, "databases": dict.fromkeys(kinds, verdict)}
        progress.record({"schema": 1, "checks": [row]})

    record("ok", "sqlite")
    assert (progress.passed, progress.partly(course)) == ({id}, {id})
    record("ok", "postgresql")
    assert progress.partly(course) == set()
    record("ok", "sqlite")
    assert progress.partly(course) == set()
    record("not yet", "sqlite")
    record("ok", "sqlite")
    assert progress.partly(course) == {id}


def test_a_fault_of_ours_changes_nothing(progress: Progress) -> None:
    progress.record(result(a="ok"))
    progress.record(result(a="ours"))
    assert progress.passed == {"services.get.a"}
    assert progress.attempts("services.get") == 1


def test_an_untouched_exercise_is_no_attempt(progress: Progress) -> None:
    progress.record(result(a="not_started"))
    assert progress.attempts("services.get") == 0


def test_hints_come_one_by_one_and_end_with_the_last(progress: Progress) -> None:
    assert [progress.next_hint("services.get", 3) for _ in range(4)] == [1, 2, 3, 3]
    assert Progress(progress.path).hints("services.get") == 3


@pytest.mark.parametrize("text", ["", "{", "[]", '{"passed": 3, "hints": []}', "\x00"])
def test_a_file_that_cannot_be_read_counts_as_empty(progress: Progress, text: str) -> None:
    progress.path.parent.mkdir()
    progress.path.write_text(text)
    assert progress.passed == set()
    progress.record(result(a="ok"))
    assert progress.passed == {"services.get.a"}
    assert json.loads(progress.path.read_text())["passed"] == ["services.get.a"]


def test_a_broken_file_is_kept_beside_the_new_one(progress: Progress) -> None:
    progress.path.parent.mkdir()
    progress.path.write_text("{ half")
    progress.ask(False)
    assert progress.path.with_suffix(".unreadable.json").read_text() == "{ half"
    assert not progress.asks


def test_nothing_but_the_file_is_left_behind(progress: Progress) -> None:
    progress.record(result(a="ok"))
    assert [path.name for path in progress.path.parent.iterdir()] == ["progress.json"]


def test_answers_keep_their_words_and_their_order(tmp_path: Path) -> None:
    path = tmp_path / "exercises" / "answers.md"
    answers = {
        "services.2": "Two lines,\n\n- and a list.",
        "services.10": "ten",
        "engine.1": "## services.2\nis a heading of my own",
    }
    write_answers(path, answers)
    found = read_answers(path)
    assert list(found) == ["engine.1", "services.2", "services.10"]
    assert found["services.2"] == answers["services.2"]
    assert found["engine.1"] == "### services.2\nis a heading of my own"
    write_answers(path, found)
    assert read_answers(path) == found


def test_no_file_holds_no_answers(tmp_path: Path) -> None:
    assert read_answers(tmp_path / "answers.md") == {}
