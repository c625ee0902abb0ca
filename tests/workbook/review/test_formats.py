"""Every format carries the whole finding, in the shape its readers ask for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workbook.review import RULES, Finding
from workbook.review.formats import FORMATS

PLAIN = Finding("app/a b.py", 3, 5, "WB101", "Not awaited.", "Nothing runs.", "Await it.", "d#a")
HARD = Finding("/app/x.py", 1, 1, "WB001", "100%\nbad: a, b", "why", "fix", "docs#wb001")


def test_json_is_schema_1_with_the_findings_in_order() -> None:
    assert json.loads(FORMATS["json"]([PLAIN])) == {
        "schema": 1,
        "findings": [
            {
                "code": "WB101",
                "path": "app/a b.py",
                "line": 3,
                "column": 5,
                "message": "Not awaited.",
                "why": "Nothing runs.",
                "fix": "Await it.",
                "page": "d#a",
            }
        ],
    }


def test_json_and_sarif_of_nothing_are_whole_documents() -> None:
    assert json.loads(FORMATS["json"]([])) == {"schema": 1, "findings": []}
    assert json.loads(FORMATS["sarif"]([]))["runs"][0]["results"] == []
    assert FORMATS["text"]([]) == FORMATS["github"]([]) == ""


def test_a_github_annotation_is_one_escaped_line() -> None:
    assert FORMATS["github"]([HARD]) == (
        "::warning file=/app/x.py,line=1,col=1,title=WB001::"
        "100%25%0Abad: a, b why fix (docs#wb001)\n"
    )


@pytest.fixture
def sarif() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(FORMATS["sarif"]([HARD, PLAIN]))
    return document


def test_sarif_names_its_version_and_its_schema(sarif: dict[str, Any]) -> None:
    assert sarif["version"] == "2.1.0"
    assert sarif["$schema"].endswith("sarif-2.1.0.json")
    assert list(sarif) == ["$schema", "version", "runs"]


def test_sarif_describes_every_rule_once(sarif: dict[str, Any]) -> None:
    rules = sarif["runs"][0]["tool"]["driver"]["rules"]
    assert [item["id"] for item in rules] == sorted({*RULES, "WB001"})
    for item in rules:
        assert set(item) == {
            "id", "shortDescription", "fullDescription", "help", "defaultConfiguration",
        }  # fmt: skip
        assert item["shortDescription"]["text"]
        assert item["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}


def test_sarif_results_point_at_their_rule_and_place(sarif: dict[str, Any]) -> None:
    run = sarif["runs"][0]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert len(result["locations"]) == 1
    places = [item["locations"][0]["physicalLocation"] for item in run["results"]]
    assert [place["artifactLocation"]["uri"] for place in places] == [
        "file:///app/x.py",
        "app/a%20b.py",
    ]
    assert places[1]["region"] == {"startLine": 3, "startColumn": 5}
