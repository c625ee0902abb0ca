"""Where in a project the file of a code block belongs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from workbook.grading.intake.roots import FILES, FOLDERS, belongs

from .blocks import Block


@dataclass(frozen=True)
class Placed:
    """The files of a project that blocks hold, and what was said about the others."""

    files: dict[str, Block]
    notes: tuple[str, ...] = ()


def place(blocks: Iterable[Block], known: Collection[str]) -> Placed:
    """Gives each block that names a file its place; of two for one file the later counts.

    `known` are the files of the project: a name without its folder means the one that ends so.
    """
    files: dict[str, Block] = {}
    notes: list[str] = []
    for block in blocks:
        if not block.path:
            notes.append(f"line {block.line}: a code block that names no file was left out")
        elif not (file := _place(block.path, known)):
            notes.append(f"line {block.line}: {block.path} is no file of a project; left out")
        else:
            if file in files:
                notes.append(f"line {block.line}: {file} again; this later block counts")
            files[file] = block
    return Placed(files, tuple(notes))


def _place(path: str, known: Collection[str]) -> str:
    parts = PurePosixPath(path).parts
    if ".." in parts:
        return ""
    if parts[-1] in FILES:
        return parts[-1]
    at = next((at for at, part in enumerate(parts[:-1]) if part in FOLDERS), None)
    if at is not None:
        return belongs("/".join(parts[at:]), "") or ""
    ending = "/" + "/".join(parts)
    found = [file for file in known if file.endswith(ending)]
    return found[0] if len(found) == 1 else ""
