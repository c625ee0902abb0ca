"""`results.json` as a Gradescope autograder leaves it."""

from typing import Any

from workbook.grading.cleaning import clean, line
from workbook.grading.exports.table import changed, number, remarks
from workbook.grading.gradebook.catalogue import exercise_of
from workbook.grading.gradebook.rows import Row
from workbook.grading.grader import Result


def gradescope_results(row: Row, document: Result | None) -> dict[str, Any] | None:
    """The row as Gradescope shows it, or None where there is nothing it may show.

    The score is that of lessons 1–5; extension checks are shown with their verdict and no points.
    A refused submission scores 0 and says why, so that the student can hand in again at once.
    """
    if row.state == "absent" or (row.state == "ours" and not row.settled):
        return None
    said = [f"submission {row.digest[:12]}"] if row.digest else []
    if row.beside and row.settled:
        said.append(f"{number(row.extension)} of {number(row.beside)} extension points")
    said += remarks(row) + [f"changed by hand: {change}" for change in changed(row)]
    tests = [_test(row, place, check) for place, check in _checks(row, document)]
    return {
        "score": float(row.earned or 0),
        "output": clean("\n".join(said)),
        "output_format": "text",
        "visibility": "visible",
        "tests": tests,
        "extra_data": {"submission": row.digest, "state": row.state},
    }


def _checks(row: Row, document: Result | None) -> list[tuple[int, dict[str, Any]]]:
    judged = {check["id"]: check for check in (document or {}).get("checks", ())}
    return list(enumerate((judged.get(mark.id, {"id": mark.id}) for mark in row.marks), start=1))


def _test(row: Row, place: int, check: dict[str, Any]) -> dict[str, Any]:
    mark = row.marks[place - 1]
    story = [mark.story if mark.left_out else str(check.get("story", ""))]
    story.append(str(check.get("where", "")))
    if mark.change:
        said = mark.change.reason
        story.append(said if mark.told == "changed by hand" else f"changed by hand: {said}")
    test: dict[str, Any] = {
        "name": line(f"{mark.id}: {mark.line or mark.id}"),
        "number": str(place),
        "output": clean("\n".join([mark.told, *filter(None, story)])),
        "output_format": "text",
        "tags": [exercise_of(mark.id)],
        "visibility": "visible",
    }
    if mark.left_out:
        return test  # neither passed nor failed
    test["status"] = "passed" if mark.earned == mark.possible else "failed"
    if not mark.extension:
        test |= {"score": float(mark.earned), "max_score": float(mark.possible)}
    return test
