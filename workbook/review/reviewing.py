"""Hold every file against every rule, and sort what was found."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from . import rules
from .findings import Finding
from .project import Project
from .registry import RULES, UNKNOWN_SUPPRESSION, Rule
from .sources import Source
from .suppressions import Suppressions, suppressions_in

__all__ = ["codes_matching", "review_path", "review_project", "rules"]


def codes_matching(prefixes: str) -> set[str]:
    """The codes that comma-separated codes or their beginnings stand for."""
    wanted = [part.strip().upper() for part in prefixes.split(",") if part.strip()]
    known = {*RULES, "WB001", UNKNOWN_SUPPRESSION}
    for part in wanted:
        if not any(code.startswith(part) for code in known):
            raise ValueError(f"no rule's code begins with {part!r}")
    return {code for code in known if code.startswith(tuple(wanted))}


def review_path(path: Path, codes: set[str] | None = None) -> list[Finding]:
    """All findings at or below a path, in reading order."""
    return review_project(Project(path), codes)


def review_project(project: Project, codes: set[str] | None = None) -> list[Finding]:
    """All findings of a project that was read before."""
    found = [item for item in project.broken if codes is None or item.code in codes]
    for source in project.sources:
        found += _review_source(source, project, codes)
    return sorted(set(found))


def _review_source(source: Source, project: Project, codes: set[str] | None) -> Iterator[Finding]:
    taken_back = suppressions_in(source)
    for rule in RULES.values():
        wanted = codes is None or rule.code in codes
        if wanted and (rule.everywhere or not source.is_test):
            yield from _hold(rule, source, project, taken_back)
    if codes is None or UNKNOWN_SUPPRESSION in codes:
        yield from _unknown(source, taken_back)


def _hold(
    rule: Rule, source: Source, project: Project, taken_back: Suppressions
) -> Iterator[Finding]:
    for node, message in rule.look(source, project):
        line, column = _place(source, node)
        if not taken_back.cover(rule.code, line, getattr(node, "end_lineno", None) or line):
            yield Finding(
                source.path, line, column, rule.code, message, rule.why, rule.fix, rule.page
            )


def _place(source: Source, node: ast.AST) -> tuple[int, int]:
    """Line and column as an editor counts them: in characters, where ast counts bytes."""
    line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
    before = source.lines[line - 1].encode()[:offset] if source.lines else b""
    return line, len(before.decode(errors="replace")) + 1


def _unknown(source: Source, taken_back: Suppressions) -> Iterator[Finding]:
    for line, column, code in taken_back.unknown:
        yield Finding(
            source.path,
            line,
            column,
            UNKNOWN_SUPPRESSION,
            f"No rule is called {code}.",
            "A suppression with a misspelled code takes nothing back and hides what was meant.",
            "Write the code as the finding shows it.",
            f"docs/review/README.md#{UNKNOWN_SUPPRESSION.lower()}",
        )
