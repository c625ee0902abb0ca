"""Each export is read back by a model of the system that imports it."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import archive
from fake_grader import FakeGrader

from workbook.grading.exports.canvas import canvas_csv
from workbook.grading.exports.github import annotations, job_summary
from workbook.grading.exports.gradescope import gradescope_results
from workbook.grading.exports.junit import junit_xml
from workbook.grading.exports.moodle import fill_worksheet, moodle_csv
from workbook.grading.exports.table import grades_csv
from workbook.grading.gradebook.book import FILE, Gradebook, GradebookError
from workbook.grading.gradebook.catalogue import Catalogue
from workbook.grading.gradebook.ledger import Ledger
from workbook.grading.gradebook.overriding import override
from workbook.grading.intake.roster import Roster, Student
from workbook.grading.running.run import Plan, grade_class

EVIL = "=cmd()|' /C calc'!A0 <script>alert(1)</script> \u202e\x1b[31m @everyone |x|`y`"
CHECK = "transactions.create_project.leaves_nothing_behind"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    folder = tmp_path / "class"
    archive(folder / "Ada Lovelace_501_assignsubmission_file_" / "w.zip", "passes = 6\n")
    archive(folder / "Ben Ng_502_assignsubmission_file_" / "w.zip", "passes = 3 # hostile\n")
    archive(folder / "Cleo May_503_assignsubmission_file_" / "w.zip", "fault always\n")
    (folder / "Dan Oz_504_assignsubmission_file_").mkdir()
    (folder / "Dan Oz_504_assignsubmission_file_" / "w.zip").write_bytes(b"PK")
    archive(folder / "stranger.zip", "passes = 5\n")
    roster = Roster([
        Student("ada", "Lovelace, Ada", "ada@x.edu", "A", "ada1", "S1", "9001"),
        Student("ben", "Ben Ng", "ben@x.edu", EVIL, "ben1", "S2", "9002"),
        Student("cleo", "Cleo May", "cleo@x.edu"),
        Student("dan", "Dan Oz", "dan@x.edu"),
        Student("eve", "Eve Fox", "eve@x.edu"),
    ])  # fmt: skip
    plan = Plan(catalogue=Catalogue(title=EVIL, extension=("tenancy",)))
    grade_class(folder, tmp_path / "out", FakeGrader, plan, roster=roster)
    with Gradebook(tmp_path / "out" / FILE) as book:
        return override(book, "ben", CHECK, 1.5, f"{EVIL} by hand")


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def import_canvas(text: str) -> dict[str, dict[str, tuple[float | None, float]]]:
    """Canvas: student columns end at Section; then assignments; grades by ID, SIS ID or login."""
    header, second, *lines = read(text)
    assert "Student" in header[0]
    assert "ID" in header[1]
    start = header.index("Section") + 1
    dropped = re.compile("Current Score|Final Score|Final Grade|Override")
    assert not [title for title in header if dropped.search(title)]
    assert "Points Possible" in second[0]
    grades = {}
    for line in lines:
        assert len(line) == len(header)
        who = line[1] or line[2] or line[3] or line[0]
        grades[who] = {
            header[place]: (float(line[place]) if line[place] else None, float(second[place]))
            for place in range(start, len(header))
        }
    return grades


def import_moodle(text: str, users: set[str], maximum: float) -> dict[str, float | None]:
    """Moodle: one unknown user, non-number or grade over the maximum aborts everything."""
    lines = csv.DictReader(io.StringIO(text))
    grades: dict[str, float | None] = {}
    for line in lines:
        assert line["Email address"] in users
        grade = line["Task API"]
        grades[line["Email address"]] = None if grade in ("", "-") else float(grade)
        assert grade in ("", "-") or 0 <= float(grade) <= maximum
    return grades


def no_formulas(text: str) -> None:
    for cells in read(text):
        assert not [one for one in cells if one.lstrip()[:1] in ("=", "+", "-", "@")]


def test_canvas_takes_the_grades_and_no_stranger(ledger: Ledger) -> None:
    grades = import_canvas(canvas_csv(ledger, "Task API", "77"))
    assert grades["9001"] == {"Task API (77)": (8.0, 8.0), "Task API extension": (4.0, 4.0)}
    assert grades["9002"]["Task API (77)"] == (4.5, 8.0)
    assert [grades[name]["Task API (77)"][0] for name in ("Cleo May", "Dan Oz", "Eve Fox")] == [
        None, None, None,
    ]  # fmt: skip
    assert len(grades) == 5
    no_formulas(canvas_csv(ledger))


def test_a_doubt_about_somebody_on_the_roster_keeps_no_grade_from_them(ledger: Ledger) -> None:
    flags = ("a.zip and b.zip were taken for attempts of one person",)
    doubted = replace(
        ledger, rows=tuple(replace(row, flags=row.flags or flags) for row in ledger.rows)
    )
    assert canvas_csv(doubted) == canvas_csv(ledger)
    assert moodle_csv(doubted) == moodle_csv(ledger)


def test_a_title_canvas_would_drop_is_refused(ledger: Ledger) -> None:
    with pytest.raises(GradebookError, match="Canvas drops"):
        canvas_csv(ledger, "My Final Score")


def test_moodle_takes_the_grades_without_aborting(ledger: Ledger) -> None:
    users = {f"{name}@x.edu" for name in ("ada", "ben", "cleo", "dan", "eve")}
    grades = import_moodle(moodle_csv(ledger), users, 8)
    assert grades == {
        "ada@x.edu": 8.0, "ben@x.edu": 4.5, "cleo@x.edu": None, "dan@x.edu": None,
        "eve@x.edu": None,
    }  # fmt: skip
    no_formulas(moodle_csv(ledger))
    assert "by hand" in moodle_csv(ledger)


WORKSHEET = (
    "\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum Grade,"
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\r\n'
    'Participant 501,Ada Lovelace,ada@x.edu,"Submitted",,{0},"Monday, 2 March",-,\r\n'
    'Participant 777,Ben Ng,BEN@x.edu,"Submitted",,{0},-,-,"seen in class"\r\n'
    "Participant 503,Cleo May,,-,,{0},-,-,\r\n"
    "Participant 888,Nobody Here,,-,,{0},-,-,\r\n"
)


def test_a_moodle_worksheet_is_filled_and_otherwise_left_as_it_was(ledger: Ledger) -> None:
    given = WORKSHEET.format("8.00")
    filled, left = fill_worksheet(ledger, given)
    before, after = read(given), read(filled)
    changed = [
        (place, before[0][column], after[place][column])
        for place, line in enumerate(before)
        for column, text in enumerate(line)
        if after[place][column] != text
    ]
    assert changed == [
        (1, "Grade", "8.00"),
        (1, "Feedback comments", "8 of 8 points; 4 of 4 extension points"),
        (2, "Grade", "4.50"),
    ]
    assert left == ["dan", "stranger"]
    assert filled.startswith("\ufeffIdentifier")
    assert filled.count("\r\n") == given.count("\r\n")


def test_a_worksheet_with_semicolons_stays_one(ledger: Ledger) -> None:
    given = WORKSHEET.format("8.00").replace(",", ";").replace("Monday;", "Monday,")
    filled, _ = fill_worksheet(ledger, given)
    assert "Participant 501;Ada Lovelace;ada@x.edu;Submitted;8.00;8.00" in filled


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Name,Grade\n", 'no column "Identifier"'),
        (WORKSHEET.format("10.00"), "maximum grade is 10.00, the course is worth 8"),
    ],
)
def test_a_worksheet_that_does_not_fit_says_what_to_do(
    ledger: Ledger, text: str, said: str
) -> None:
    with pytest.raises(GradebookError, match=re.escape(said)):
        fill_worksheet(ledger, text)


def import_gradescope(results: dict[str, Any]) -> float:
    """Gradescope: known keys and values alone; the score overrides the sum of the tests."""
    assert set(results) <= {
        "score", "execution_time", "output", "output_format", "visibility", "stdout_visibility",
        "extra_data", "tests", "leaderboard",
    }  # fmt: skip
    for test in results["tests"]:
        assert set(test) <= {
            "score", "max_score", "status", "name", "number", "output", "output_format", "tags",
            "visibility", "extra_data",
        }  # fmt: skip
        assert test["status"] in ("passed", "failed")
        assert test["visibility"] in ("hidden", "after_due_date", "after_published", "visible")
        assert test["output_format"] == "text"
    scored = sum(test.get("score", 0) for test in results["tests"])
    assert scored == results["score"]
    return float(results["score"])


def test_gradescope_shows_what_was_earned(ledger: Ledger, tmp_path: Path) -> None:
    scores = {}
    for path in sorted((tmp_path / "out" / "exports" / "gradescope").glob("*.json")):
        scores[path.stem] = import_gradescope(json.loads(path.read_text()))
    assert scores == {"ada": 8.0, "ben": 6.0, "dan": 0.0, "stranger": 8.0}
    row = ledger.row("ben")
    results = gradescope_results(row, ledger.document(row))
    assert results is not None
    assert import_gradescope(results) == 4.5
    assert "by hand" in results["output"]


def test_a_ci_server_reads_the_junit_file(ledger: Ledger) -> None:
    text = junit_xml(ledger)
    root = ET.fromstring(text)
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["ada", "ben", "cleo", "dan", "eve", "stranger"]
    ben = suites["ben"]
    assert [ben.get(count) for count in ("tests", "failures", "errors", "skipped")] == [
        "6", "4", "0", "0",
    ]  # fmt: skip
    assert "<script>" not in text
    assert "\x1b" not in text
    assert "by hand" in text


def test_points_a_person_took_are_no_failure_of_an_ok(ledger: Ledger, tmp_path: Path) -> None:
    with Gradebook(tmp_path / "out" / FILE) as book:
        changed = override(book, "ada", CHECK, 1, "copied")
        row = changed.row("ada")
        results = gradescope_results(row, changed.document(row))
    failure = ET.fromstring(junit_xml(changed)).find(".//failure")
    assert failure is not None
    assert (failure.get("message"), failure.text) == (
        "changed by hand: leaves nothing behind", "copied",
    )  # fmt: skip
    assert results is not None
    assert results["tests"][2]["output"] == "changed by hand\ncopied"
    assert "| leaves nothing behind | changed by hand | 1 of 3 |" in job_summary(row)


def test_a_github_summary_shows_hostile_text_as_text(ledger: Ledger) -> None:
    summary = job_summary(ledger.row("ben"))
    # What is left after entities must hold no Markdown, HTML or mention of a student's making.
    story = summary.split("**not yet")[0]
    for trick in ("<script", "<img", "@everyone", "`y`", "\x1b", "\u202e", "|x|"):
        assert trick not in summary
    assert "4.5 of 8 points" in story
    table = [line for line in summary.splitlines() if line.startswith("| ")]
    assert {line.count("|") for line in table} == {4}


def test_annotations_are_commands_a_runner_takes_and_nothing_else(ledger: Ledger) -> None:
    row = ledger.row("ben")
    document = ledger.document(row)
    assert document is not None
    document["checks"][4]["story"] = "line\n::error::forged\r\n100%"
    document["checks"][4]["where"] = "app/../../etc/passwd,line=1::x"
    said = annotations(document, "exercises/")
    assert len(said) == 3
    assert said[0].startswith("::error file=exercises/app/database.py,line=1,title=transactions.")
    for command in said:
        assert re.fullmatch(
            r"::error (file=[\w./-]+,line=\d+,)?title=[^:,\r\n]*::[^\r\n]*", command
        )


def test_the_grades_say_absent_refused_and_ours_apart(ledger: Ledger) -> None:
    lines = list(csv.DictReader(io.StringIO(grades_csv(ledger))))
    assert {line["student"]: (line["state"], line["earned"]) for line in lines} == {
        "ada": ("graded", "8"),
        "ben": ("graded", "4.5"),
        "cleo": ("ours", ""),
        "dan": ("refused", ""),
        "eve": ("absent", ""),
        "stranger": ("graded", "8"),
    }
    no_formulas(grades_csv(ledger))
