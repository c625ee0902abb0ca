"""Everything in the `--out` folder that people open, made anew from the gradebook."""

from pathlib import Path
from typing import Any

from workbook.grading.cleaning import slug
from workbook.grading.exports.table import changed, grades_csv, remarks
from workbook.grading.ledger import Ledger
from workbook.grading.rows import Row
from workbook.grading.writing import canonical, remove_others, write_whole


def write_outputs(ledger: Ledger, out: Path) -> None:
    """Write `grades.csv` and `results/`; the same class gives the same bytes."""
    write_whole(out / "grades.csv", grades_csv(ledger))
    names = {f"{slug(row.student.key)}.json" for row in ledger.rows}
    for row in ledger.rows:
        facts = result_facts(ledger, row)
        write_whole(out / "results" / f"{slug(row.student.key)}.json", canonical(facts) + "\n")
    remove_others(out / "results", ".json", names)


def result_facts(ledger: Ledger, row: Row) -> dict[str, Any]:
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
        "notes": remarks(row),
        "result": ledger.document(row),
    }
