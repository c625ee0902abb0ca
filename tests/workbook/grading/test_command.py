"""The instructor's verbs do what they say, and say in one line what they can't."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import archive
from rich.console import Console
from typer.testing import CliRunner, Result

from workbook.commands import app
from workbook.grading.running.events import Faulted, Settled, Started
from workbook.grading.running.progress import Progress

COURSE = Path(__file__).parents[1] / "tally" / "lessons"
GETS = "services.get.loads_the_assignee"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WORKBOOK_COURSE", str(COURSE))
    monkeypatch.setenv("WORKBOOK_GRADER", "fake_grader:grader_for")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.chdir(tmp_path)


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def graded(klass: Path) -> Path:
    done = call("grade", klass, "--jobs", 1)
    assert done.exit_code == 0, done.output
    return klass


def test_a_class_is_graded_with_one_command(klass: Path, tmp_path: Path) -> None:
    done = call("grade", klass, "--jobs", 1)
    assert done.exit_code == 0
    assert "7 people: 6 graded, 1 refused" in done.output
    assert "isolation: bubblewrap, Landlock, seccomp and limits" in done.output
    assert (tmp_path / "grades" / "grades.csv").is_file()
    assert (tmp_path / "grades" / "report" / "index.html").is_file()


def test_a_fault_of_ours_is_said_and_not_passed_over(klass: Path) -> None:
    archive(klass / "hal.zip", "fault always\n")
    done = call("grade", klass, "--jobs", 1)
    assert done.exit_code == 1
    assert "1 without a grade through our own fault" in done.output
    assert "a grader was replaced: GraderFault: the witness could not start" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["grade", "nowhere"], "there is no class folder at nowhere"),
        (["grade", "class", "--jobs", "1000"], "would only make all of them slow"),
        (["grade", "class", "--roster", "none.csv"], "there is no roster at none.csv"),
        (["grade", "class", "--shard", "3/2"], "--shard is i/n"),
        (["grade", "class", "--grader", "nothing:here"], "there is no grader at nothing:here"),
        (["grade", "class", "--grader", "fake_grader:no_start_for"], "there is no sandbox here"),
        (["grade", "class", "--dask", "tcp://x:1", "--tls-ca", "a"], "TLS needs all three"),
        (["grade", "class", "--dask", "tls://127.0.0.1:9"], "asks for TLS"),
        (["grade", "class", "--lesson", "talley"], 'is called "talley"; close to it: tally'),
        (["grade", "class", "--lesson", "nope"], 'is called "nope"; the lessons are: tally'),
        (["grade", "class", "--out", ""], "--out is empty: name a folder"),
        (["grade", "class", "--out", "class/ada.zip"], "is a file: name a folder with --out"),
        (["grade", "class", "--tls-ca", "a"], "go with --dask: name the scheduler"),
        (["export", "csv", "--out", "class/ada.zip"], "is a file: name a folder with --out"),
        (["replay", "ada", GETS, "--keep", "class"], "isn't an empty folder: name a new one"),
        (["merge", "nowhere"], "there is no gradebook in nowhere"),
        (["export", "canvas"], "there is no gradebook in grades"),
        (["replay", "ada", GETS], "there is no gradebook in grades"),
        (["override", "ada", GETS, "many", "--reason", "x"], "points are a number"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(
    klass: Path, words: list[str], said: str
) -> None:
    done = call(*words)
    assert done.exit_code == 2
    last = done.output.strip().splitlines()[-1]
    assert last.startswith("workbook: ")
    assert said in last


@pytest.mark.parametrize(
    "words",
    [
        ["override", "ada", GETS, "1", "--reason", "x"],
        ["export", "csv"],
        ["replay", "ada", GETS],
        ["merge", "class"],
        ["grade", "nowhere"],
        ["grade", "class", "--dask", "tls://127.0.0.1:9"],
    ],
)
def test_bad_input_leaves_nothing_behind(klass: Path, tmp_path: Path, words: list[str]) -> None:
    assert call(*words, "--out", "new").exit_code == 2
    assert not (tmp_path / "new").exists()


def test_where_nothing_was_changed_there_is_nothing_to_take_back(graded: Path) -> None:
    done = call("override", "ada", GETS, "judged", "--reason", "x")
    assert (done.exit_code, "nothing to take back" in done.output) == (2, True)


def test_an_export_says_how_many_people_are_missing_in_it_and_why(graded: Path) -> None:
    done = call("export", "moodle", "--file", "made")
    assert done.output == "7 people left out: no e-mail address or ID number; --roster gives them\n"
    done = call("export", "canvas", "--file", "made")
    assert done.output.startswith("7 people without an ID, so that Canvas may not find them")


def test_an_export_into_a_folder_says_to_name_a_file(graded: Path, tmp_path: Path) -> None:
    done = call("export", "csv", "--file", tmp_path)
    assert (done.exit_code, "is a folder: name a file" in done.output) == (2, True)


def test_a_worksheet_that_is_not_there_is_not_called_unreadable(graded: Path) -> None:
    done = call("export", "moodle-worksheet", "--worksheet", "nope.csv")
    assert (done.exit_code, "there is no worksheet at nope.csv" in done.output) == (2, True)


def test_a_second_run_without_anything_new_keeps_the_record_of_the_sandbox(graded: Path) -> None:
    done = call("grade", graded, "--jobs", 1)
    assert "isolation: bubblewrap, Landlock, seccomp and limits" in done.output


def test_a_grader_that_cannot_start_says_its_last_words_and_how_to_go_on(klass: Path) -> None:
    done = call("grade", klass, "--jobs", 1, "--grader", "fake_grader:no_start_for")
    last = done.output.strip().splitlines()[-1]
    assert last == (
        "workbook: no grader starts: there is no sandbox here. Mend that and add --resume to go on"
    )


def test_without_dask_the_command_that_installs_it_is_named(
    klass: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = call("grade", klass, "--dask", "tcp://127.0.0.1:9")
    assert done.exit_code == 2
    assert "Dask isn't installed: run .ci/set-up dask" in done.output


def test_shards_are_merged(klass: Path, tmp_path: Path) -> None:
    for part in (1, 2):
        call("grade", klass, "--shard", f"{part}/2", "--out", f"part{part}", "--jobs", 1)
    done = call("merge", "part1", "part2", "--out", "all")
    assert done.exit_code == 0
    assert "7 people: 6 graded, 1 refused" in done.output


def test_a_replay_gives_the_same_verdict_again(graded: Path, tmp_path: Path) -> None:
    done = call("replay", "cleo", GETS, "--keep", tmp_path / "look")
    assert done.exit_code == 0
    assert "now   not yet" in done.output
    assert "The same again." in done.output
    assert (tmp_path / "look" / "work" / "app" / "database.py").is_file()


def test_a_change_by_hand_reaches_every_export(graded: Path, tmp_path: Path) -> None:
    done = call("override", "cleo", GETS, "2", "--reason", "shown in class")
    assert done.exit_code == 0
    assert "cleo: 2 of 8 points; your reason stands" in done.output
    grades = tmp_path / "grades"
    for path in (
        "grades.csv", "exports/moodle.csv", "exports/junit.xml", "exports/gradescope/cleo.json",
        "exports/github/cleo.md", "results/cleo.json", "report/index.html",
        "report/students/cleo.html",
    ):  # fmt: skip
        if path != "exports/moodle.csv":
            assert "shown in class" in (grades / path).read_text(encoding="utf-8"), path
    assert "exports/canvas.csv has no room for it" in done.output
    done = call("override", "cleo", GETS, "judged", "--reason", "a second look")
    assert "no grade" not in done.output
    assert "cleo: 0 of 8" in done.output


@pytest.mark.parametrize("to", ["csv", "canvas", "moodle", "junit"])
def test_a_class_leaves_in_one_file(graded: Path, tmp_path: Path, to: str) -> None:
    done = call("export", to, "--file", "made")
    assert done.exit_code == 0
    assert (tmp_path / "made").stat().st_size > 40


def test_one_project_alone_goes_through_an_autograder(tmp_path: Path) -> None:
    (tmp_path / "submission" / "app").mkdir(parents=True)
    (tmp_path / "submission" / "app" / "database.py").write_text("passes = 3\n")
    assert call("grade", "submission", "--jobs", 1).exit_code == 0
    done = call("export", "gradescope", "--file", "results.json")
    assert done.exit_code == 0
    results: dict[str, Any] = json.loads((tmp_path / "results.json").read_text())
    assert results["score"] == 6.0


def test_a_workflow_gets_annotations_a_summary_and_a_failing_step(
    graded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "summary.md").write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    done = call("export", "github", "--student", "ben", "--prefix", "exercises/")
    assert done.exit_code == 1
    assert done.output.startswith("::error file=exercises/app/database.py,line=1,title=")
    assert (tmp_path / "summary.md").read_text().startswith("before\n## ben\n")
    assert call("export", "github", "--student", "ada").exit_code == 0


def test_in_a_class_of_many_one_has_to_be_named(graded: Path) -> None:
    done = call("export", "gradescope")
    assert (done.exit_code, "name one with --student" in done.output) == (2, True)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_without_a_terminal_a_long_run_says_a_line_now_and_then() -> None:
    said, clock = io.StringIO(), Clock()
    with Progress(Console(file=said, width=200), clock) as progress:
        progress.show(Started(100, 2))
        for number in range(100):
            clock.now += 1
            progress.show(Settled(f"s{number}", "refused" if number == 3 else "graded"))
            if number == 50:
                progress.show(Faulted("it died\nof something"))
    lines = said.getvalue().splitlines()
    assert lines[0] == "100 submissions, 2 graders"
    assert lines[1] == "30 of 100 submissions, 58 a minute, 70 s left, 1 refused"
    assert "a grader was replaced: it died of something" in lines
    assert lines[-1].startswith("100 of 100 submissions, 59 a minute, 1 refused, 1 fault of ours")
    assert len(lines) == 6


def test_a_run_that_has_all_results_already_says_so_and_no_more() -> None:
    said = io.StringIO()
    with Progress(Console(file=said, width=200), Clock()) as progress:
        progress.show(Started(1, 1))
        progress.show(Settled("ada.zip", "graded", known=True))
    assert said.getvalue().splitlines() == ["1 submission, 1 grader", "1 of 1 submission"]


def test_on_a_terminal_a_bar_shows_what_fails_now() -> None:
    said, clock = io.StringIO(), Clock()
    with Progress(
        Console(file=said, width=100, color_system=None, force_terminal=True), clock
    ) as progress:
        progress.show(Started(3, 1))
        progress.show(Settled("ann\x1b[2J.zip", "refused", reason="it is empty"))
        clock.now += 60
        progress.show(Settled("ben.zip", "graded"))
        progress._bar.refresh()
    assert "refused ann\\u001b[2J.zip: it is empty" in said.getvalue()
    assert "2/3 1.0 a minute, 60 s left, 1 refused" in said.getvalue()
