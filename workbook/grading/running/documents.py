"""A result as it comes from a grader, held against its promised shape before it counts."""

from typing import Any

from workbook.grading.grader import Result

VERDICTS = (
    "ok", "not yet", "not started", "waits", "timed out", "out of memory", "crashed", "refused",
    "not checked", "ours",
)  # fmt: skip
"""Every state a check can have, the best first."""


def fault_in(document: Result) -> str:
    """What about the result can't be true, or nothing; such a result is our own fault."""
    try:
        if document["schema"] != 1:
            return f"the result has schema {document['schema']!r}, not 1"
        checks = document["checks"]
        ids = [check["id"] for check in checks]
        if len(set(ids)) != len(ids):
            return "a check is there twice"
        for check in checks:
            if check["verdict"] not in VERDICTS:
                return f"{check['id']} has the unknown verdict {check['verdict']!r}"
            if not 0 <= check["earned"] <= check["possible"]:
                return f"{check['id']} earned {check['earned']} of {check['possible']}"
        beside = document["extension"]
        for sums in (document, beside):
            if not 0 <= sums["earned"] <= sums["possible"]:
                return f"{sums['earned']} of {sums['possible']} points can't be"
        total = sum(check["earned"] for check in checks)
        if total != document["earned"] + beside["earned"]:
            return "the points of the checks don't add up to the sum"
    except (KeyError, TypeError) as error:
        return f"the result misses or mistypes a part: {error!r}"
    return ""


def ours(document: Result) -> list[str]:
    """The checks that failed on our side."""
    checks: list[dict[str, Any]] = document["checks"]
    return [str(check["id"]) for check in checks if check["verdict"] == "ours"]
