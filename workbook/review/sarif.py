"""The findings as SARIF 2.1.0, which code-scanning services read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .findings import Finding
from .registry import RULES

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(findings: Sequence[Finding]) -> str:
    """One run of one tool, each rule described once, each finding a result."""
    codes = sorted({*RULES, *(item.code for item in findings)})
    run = {
        "tool": {
            "driver": {
                "name": "workbook review",
                "rules": [_described(code, findings) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, codes.index(item.code)) for item in findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _described(code: str, findings: Sequence[Finding]) -> dict[str, Any]:
    rule = RULES.get(code)
    if rule is None:
        seen = next(item for item in findings if item.code == code)
        title, why, fix, page = seen.message, seen.why, seen.fix, seen.page
    else:
        title, why, fix, page = rule.title, rule.why, rule.fix, rule.page
    return {
        "id": code,
        "shortDescription": {"text": title},
        "fullDescription": {"text": why},
        "help": {"text": f"{fix} See {page}."},
        "defaultConfiguration": {"level": "warning"},
    }


def _uri(path: str) -> str:
    return Path(path).as_uri() if Path(path).is_absolute() else quote(path)


def _result(item: Finding, index: int) -> dict[str, Any]:
    return {
        "ruleId": item.code,
        "ruleIndex": index,
        "level": "error" if item.code == "WB001" else "warning",
        "message": {"text": f"{item.message} {item.fix}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(item.path)},
                    "region": {"startLine": item.line, "startColumn": item.column},
                }
            }
        ],
    }
