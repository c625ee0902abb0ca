"""Everything in the `--out` folder that people open, made anew from the gradebook."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbook.grading.cleaning import slug
from workbook.grading.exports.canvas import canvas_csv
from workbook.grading.exports.github import job_summary
from workbook.grading.exports.gradescope import gradescope_results
from workbook.grading.exports.junit import junit_xml
from workbook.grading.exports.moodle import moodle_csv
from workbook.grading.exports.table import changed, grades_csv, noted
from workbook.grading.gradebook.ledger import Ledger
from workbook.grading.gradebook.rows import Row
from workbook.grading.grader import Result
from workbook.grading.reports.pages import class_page, student_page, timing_page
from workbook.grading.writing import canonical, remove_others, write_whole


def write_outputs(ledger: Ledger, out: Path) -> None:
    """Write grades, results, reports and exports; the same class gives the same bytes."""
    write_whole(out / "grades.csv", grades_csv(ledger))
    exports = out / "exports"
    write_whole(exports / "canvas.csv", canvas_csv(ledger))
    write_whole(exports / "moodle.csv", moodle_csv(ledger))
    write_whole(exports / "junit.xml", junit_xml(ledger))
    made: dict[Path, set[str]] = {
        out / "results": set(),
        exports / "gradescope": set(),
        exports / "github": set(),
        out / "report" / "students": set(),
    }
    write_whole(out / "report" / "index.html", class_page(ledger))
    write_whole(out / "report" / "timing.html", timing_page(ledger))
    for row in ledger.rows:
        for path, content in _one_person(ledger, row, out):
            write_whole(path, content)
            made[path.parent].add(path.name)
    for folder, kept in made.items():
        remove_others(folder, kept)


def _one_person(ledger: Ledger, row: Row, out: Path) -> Iterator[tuple[Path, str]]:
    name, document = slug(row.student.key), ledger.document(row)
    facts = result_facts(ledger, row, document)
    yield out / "results" / f"{name}.json", canonical(facts) + "\n"
    if (results := gradescope_results(row, document)) is not None:
        yield out / "exports" / "gradescope" / f"{name}.json", canonical(results) + "\n"
    yield out / "exports" / "github" / f"{name}.md", job_summary(row)
    yield out / "report" / "students" / f"{name}.html", student_page(ledger, row, document)


def result_facts(ledger: Ledger, row: Row, document: Result | None) -> dict[str, Any]:
    """All that is known of one person's grade, as plain data."""
    return {
        "schema": 1,
        "student": {field: value for field, value in vars(row.student).items() if value},
        "state": row.state,
        "earned": row.earned,
        "possible": row.possible,
        "extension": {"earned": row.extension, "possible": row.beside},
        "late": row.late,
        "attempt": row.attempt,
        "attempts": [
            {"name": attempt.label, "submission": attempt.digest, "reason": attempt.reason}
            for attempt in row.attempts
        ],
        "submission": row.digest,
        "suite": ledger.suite,
        "databases": ledger.databases,
        "seed": row.key.seed if row.key else None,
        "changed": changed(row),
        "notes": noted(row),
        "result": document,
    }
