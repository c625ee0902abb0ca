"""The findings as text, as JSON, and as annotations of a pull request."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from .findings import Finding
from .sarif import as_sarif


def as_text(findings: Sequence[Finding]) -> str:
    """A block of four lines per finding, made to be read; empty for none."""
    blocks = [
        f"{item.path}:{item.line}:{item.column}  {item.code}  {item.message}\n"
        f"    why   {item.why}\n"
        f"    fix   {item.fix}\n"
        f"    read  {item.page}\n"
        for item in findings
    ]
    if not findings:
        return ""
    files = len({item.path for item in findings})
    return "\n".join(blocks) + f"\n{_count(len(findings), 'finding')} in {_count(files, 'file')}\n"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def as_json(findings: Sequence[Finding]) -> str:
    """Schema 1: `{"schema": 1, "findings": [...]}`."""
    document = {"schema": 1, "findings": [item.as_json() for item in findings]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_github(findings: Sequence[Finding]) -> str:
    """One workflow command per finding, which GitHub shows beside the line."""
    return "".join(
        f"::warning file={_escaped(item.path, ',:')},line={item.line},col={item.column},"
        f"title={item.code}::{_escaped(f'{item.message} {item.why} {item.fix} ({item.page})')}\n"
        for item in findings
    )


def _escaped(text: str, more: str = "") -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text


FORMATS: dict[str, Callable[[Sequence[Finding]], str]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}
