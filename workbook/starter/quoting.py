"""What the reference quotes of itself is the file it names, word for word.

A Markdown file of the reference may hold code blocks that say their file
(`python title="app/database.py"`); they are written from that file, never by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from workbook.assembling import parse
from workbook.course import Course
from workbook.cuts import render


def quotes(course: Course) -> Iterator[tuple[Path, str]]:
    """Each Markdown file of the reference with its text as it has to be."""
    texts = render(course, ())
    for file, text in texts.items():
        if file.endswith(".md"):
            yield course.source(file), quoted(text, texts)


def quoted(text: str, files: Mapping[str, str]) -> str:
    """A Markdown text in which each block that names one of the files holds it."""
    lines = text.splitlines(keepends=True)
    for block in reversed(parse(text).blocks):
        if block.path in files:
            old = block.text.count("\n")
            lines[block.line : block.line + old] = [files[block.path]]
    return "".join(lines)
