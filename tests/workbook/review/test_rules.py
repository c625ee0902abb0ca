"""Each rule speaks in its samples and is silent beside them.

The samples are fenced blocks in the pages of docs/review and in samples/: `caught` and `passed`
say what the rule named above makes of them; `with` adds a file to the sample before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from workbook.review import RULES, review_path

HEADING = re.compile(r"^## (WB\d+)")
FENCE = re.compile(r"^```python (caught|passed|with)\s*(\S*)")


@dataclass
class Sample:
    """A small project, the rule it is about, and whether the rule speaks."""

    code: str
    verdict: str
    where: str
    files: dict[str, str]


def samples_in(page: Path) -> list[Sample]:
    """All samples of a page; `with` adds a file to the sample before it."""
    found: list[Sample] = []
    code, block, name = "", None, ""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if heading := HEADING.match(line):
            code = heading.group(1)
        elif block is not None and line == "```":
            found[-1].files[name] = "\n".join(block) + "\n"
            block = None
        elif block is not None:
            block.append(line)
        elif opened := FENCE.match(line):
            verdict, name = opened.group(1), opened.group(2) or "app.py"
            block = []
            if verdict != "with":
                found.append(Sample(code, verdict, f"{page.name}:{number}", {}))
    return found


def lay_out(sample: Sample, folder: Path) -> Path:
    """Write the files of a sample below a folder."""
    for name, text in sample.files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


ROOT = Path(__file__).parents[3]
PAGES = sorted((ROOT / "docs/review").glob("*.md"))
MORE = sorted((Path(__file__).parent / "samples").glob("*.md"))
DOCUMENTED = [sample for page in PAGES for sample in samples_in(page)]
SAMPLES = DOCUMENTED + [sample for page in MORE for sample in samples_in(page)]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.code}-{sample.where}")
def test_a_rule_speaks_in_its_samples_and_nowhere_beside_them(
    sample: Sample, tmp_path: Path
) -> None:
    found = {item.code for item in review_path(lay_out(sample, tmp_path))}
    assert (sample.code in found) == (sample.verdict == "caught"), found


@pytest.mark.parametrize(
    "sample",
    [sample for sample in DOCUMENTED if sample.verdict == "passed"],
    ids=lambda sample: f"{sample.code}-{sample.where}",
)
def test_what_a_page_recommends_passes_every_rule(sample: Sample, tmp_path: Path) -> None:
    found = review_path(lay_out(sample, tmp_path))
    assert [f"{item.code} {item.message}" for item in found] == []


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_rule_has_a_page_with_both_samples_and_two_more(code: str) -> None:
    rule = RULES[code]
    file, _, anchor = rule.page.partition("#")
    assert f"## {anchor.upper()}" in (ROOT / file).read_text().splitlines()
    verdicts = [sample.verdict for sample in SAMPLES if sample.code == code]
    assert verdicts.count("caught") >= 2
    assert verdicts.count("passed") >= 2


def test_the_overview_names_every_rule() -> None:
    text = (ROOT / "docs/review/README.md").read_text()
    assert [code for code in RULES if f"[{code}]({RULES[code].subject}.md#" not in text] == []
