"""The starter is written from the reference; a file that holds work stays."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from workbook.course import Course, CourseError
from workbook.cuts import render, starter
from workbook.starter.quoting import quotes

RECORD = ".starter.json"
"""Hashes of the files as they were last written, so that work can be told from them."""


@dataclass(frozen=True)
class Synced:
    """What a sync did; `refused` names the files that hold work and were left."""

    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def sync(course: Course) -> Synced:
    """Write the starter where nobody has worked yet.

    A file is replaced, or removed when the starter has it no more, only while it
    is as an earlier sync wrote it. What the reference quotes of itself is written anew.
    CourseError, with nothing changed, where the reference isn't.
    """
    _need_the_reference(course)
    for path, text in quotes(course):
        if _read(path) != text.encode():
            write(path, text.encode())
    texts, record = starter(course), _recorded(course)
    done: dict[str, list[str]] = {"written": [], "removed": [], "refused": []}
    now: dict[str, str] = {}
    for file in [*texts, *(file for file in record if file not in texts)]:
        new = texts[file].encode() if file in texts else None
        old = _read(course.starter / file)
        if old is not None and old != new and _hash(old) != record.get(file):
            done["refused"].append(file)
            now |= {file: record[file]} if file in record else {}
            continue
        if new is not None:
            now[file] = _hash(new)
        if new is None and old is not None:
            (course.starter / file).unlink()
            done["removed"].append(file)
        elif new is not None and old != new:
            write(course.starter / file, new)
            done["written"].append(file)
    if now != record:
        write(course.starter / RECORD, _lines(now))
    return Synced(**{key: tuple(files) for key, files in done.items()})


def differences(course: Course) -> list[str]:
    """One line for each file of the starter that isn't what the reference gives.

    CourseError where the reference isn't.
    """
    _need_the_reference(course)
    texts = starter(course)
    found = []
    for file, text in texts.items():
        old = _read(course.starter / file)
        if old != text.encode():
            reason = "is missing" if old is None else "differs from what the reference gives"
            found.append(f"{file}: {reason}")
    found += [f"{file}: the reference doesn't give this file" for file in _strays(course, texts)]
    found += [
        f"{path.relative_to(course.root)}: a code block is not the file that it names"
        for path, text in quotes(course)
        if _read(path) != text.encode()
    ]
    if _recorded(course) != {file: _hash(text.encode()) for file, text in texts.items()}:
        found.append(f"{RECORD}: holds other hashes than those of the starter")
    return found


def fill(course: Course, root: Path, ids: Collection[str] = ()) -> None:
    """Write a project with the reference's answer to some exercises, and blanks."""
    out = [exercise.id for exercise in course.exercises if exercise.id not in ids]
    for file, text in render(course, out).items():
        write(root / file, text.encode())


def _need_the_reference(course: Course) -> None:
    if not course.reference.is_dir():
        name, work = course.layout.reference, course.layout.starter
        raise CourseError(
            f"there is no {name}/ here, which {work}/ is cut out of, so there is nothing to sync;"
            f" {work}/ is all yours, and `workbook reset EXERCISE` puts a blank back"
        )


def write(path: Path, content: bytes) -> None:
    """Put a whole file in place at once, or leave the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    passing = path.with_name(f".{path.name}.{os.getpid()}")
    passing.write_bytes(content)
    passing.replace(path)


def _strays(course: Course, texts: Mapping[str, str]) -> list[str]:
    places = (course.package, *course.layout.files)
    found = (path for place in places for path in (course.starter / place).rglob("*"))
    files = (path for path in found if path.is_file() and "__pycache__" not in path.parts)
    named = sorted(path.relative_to(course.starter).as_posix() for path in files)
    return [file for file in named if file not in texts]


def _recorded(course: Course) -> dict[str, str]:
    content = _read(course.starter / RECORD)
    try:
        record = json.loads(content or b"{}")
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _lines(record: Mapping[str, str]) -> bytes:
    return (json.dumps(record, indent=1, sort_keys=True) + "\n").encode()


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
