"""What can't be earned on the chosen database is no part of what is possible, and says why."""

import csv
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from conftest import archive
from fake_grader import CHECKS, OnSqlite

from workbook.course import Course
from workbook.grading.exports.github import job_summary
from workbook.grading.exports.junit import junit_xml
from workbook.grading.exports.moodle import feedback
from workbook.grading.gradebook.book import FILE, Gradebook, GradebookError
from workbook.grading.gradebook.catalogue import Catalogue
from workbook.grading.gradebook.ledger import Ledger
from workbook.grading.gradebook.overriding import override
from workbook.grading.reports.figures import per_check
from workbook.grading.running.run import Plan, grade_class
from workbook.grading.verbs.summary import summary

COURSE = Path(__file__).parents[1] / "tally" / "lessons"
LEFT_OUT = CHECKS[3][0]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    archive(tmp_path / "class" / "ada.zip", "passes = 6\n")
    archive(tmp_path / "class" / "ben.zip", "passes = 2\n")
    points = {id: float(points) for id, _, points in CHECKS if id != LEFT_OUT}
    catalogue = Catalogue(extension=("tenancy",), points=points)
    plan = Plan(databases=("sqlite",), catalogue=catalogue)
    return grade_class(tmp_path / "class", tmp_path / "out", OnSqlite, plan)


def test_who_answers_all_that_could_be_checked_has_all_points(
    ledger: Ledger, tmp_path: Path
) -> None:
    row = ledger.row("ada")
    assert (ledger.possible, row.possible, row.earned) == (6, 6, 6)
    with (tmp_path / "out" / "grades.csv").open(encoding="utf-8") as file:
        lines = {line["student"]: line for line in csv.DictReader(file)}
    assert (lines["ada"]["earned"], lines["ada"]["possible"]) == ("6", "6")
    assert lines["ada"]["notes"] == "1 check not checked: needs PostgreSQL"


def test_what_was_not_checked_is_never_told_as_not_yet(ledger: Ledger) -> None:
    said = feedback(ledger.row("ada"))
    assert said.startswith("6 of 6 points")
    assert "1 check not checked: needs PostgreSQL" in said
    assert "not yet" not in said
    assert LEFT_OUT not in feedback(ledger.row("ben"))


def test_pages_and_exports_say_what_an_unchecked_check_needs(
    ledger: Ledger, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for page in ("report/students/ada.html", "report/index.html", "exports/github/ada.md"):
        assert "needs PostgreSQL" in (out / page).read_text(encoding="utf-8"), page
    skipped = ET.fromstring(junit_xml(ledger)).find(".//skipped")
    assert skipped is not None
    assert skipped.get("message") == "not checked: needs PostgreSQL"
    tests = json.loads((out / "exports" / "gradescope" / "ada.json").read_text())["tests"]
    assert "status" not in tests[3]
    assert tests[3]["output"] == "not checked\nneeds PostgreSQL"
    assert "0 of 0" not in job_summary(ledger.row("ada"))
    assert {item.name: item.rate for item in per_check(ledger)}[LEFT_OUT] is None


def test_the_summary_says_how_many_checks_were_not_run_and_why(
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    summary(ledger, Path("out"))
    assert "1 check not run and not counted: needs PostgreSQL (--db)" in capsys.readouterr().out


def test_points_nobody_can_earn_are_not_given_by_hand(ledger: Ledger, tmp_path: Path) -> None:
    with (
        Gradebook(tmp_path / "out" / FILE) as book,
        pytest.raises(GradebookError, match=r"was not checked \(needs PostgreSQL\)"),
    ):
        override(book, "ada", LEFT_OUT, 1, "why")


def test_a_catalogue_counts_what_its_databases_can_run() -> None:
    course = Course.load(COURSE)
    assert sum(Catalogue.of(course).points.values()) == 6
    assert sum(Catalogue.of(course, databases=("postgresql",)).points.values()) == 4
