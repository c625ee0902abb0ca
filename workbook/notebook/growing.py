"""The package a notebook runs on: rendered into a folder, grown exercise by exercise."""

from __future__ import annotations

import dataclasses
import importlib.util
import shutil
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from workbook import cuts
from workbook.course import Course
from workbook.notebook.reloading import import_again, refresh


class Growing:
    """One project root of a notebook's own; `back` are the exercises put back so far."""

    def __init__(self, course: Course, folder: Path) -> None:
        self.course, self.folder = course, folder
        self.back: set[str] = set()
        self.texts: dict[str, str] = {}

    @property
    def is_own_work(self) -> bool:
        """Whether there is no reference, so that the student's own files are the source."""
        return not self.course.reference.is_dir()

    def begin(self, back: Iterable[str], names: MutableMapping[str, Any]) -> None:
        """Writes the package afresh, with these exercises put back."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.back, self.texts = set(back), {}
        self._write(self._render(self.back))
        self._lead_the_path()
        import_again(self.course.package, names)

    def put_back(self, exercises: Iterable[str], names: MutableMapping[str, Any]) -> None:
        """Adds exercises; if the package then can't be imported, nothing has changed."""
        before, back = self.texts, self.back | set(exercises)
        after = self._render(back)
        self._write(after)
        try:
            refresh(self.folder, self.course.package, before, after, names)
        except BaseException:
            self._write(before)
            raise
        self.back = back

    def _render(self, back: set[str]) -> dict[str, str]:
        if self.is_own_work:
            # A course whose reference is the student's own project, with nothing cut.
            layout = dataclasses.replace(
                self.course.layout,
                root=f"{self.course.layout.root}/{self.course.layout.starter}",
                reference=self.course.package,
            )
            own = dataclasses.replace(self.course, layout=layout, lessons=())
            return cuts.render(own, ())
        return cuts.render(self.course, {each.id for each in self.course.exercises} - back)

    def _write(self, texts: Mapping[str, str]) -> None:
        """Writes what differs. Files that a notebook made itself stay."""
        for file in self.texts.keys() - texts.keys():
            (self.folder / file).unlink(missing_ok=True)
        for file, text in texts.items():
            if self.texts.get(file) != text:
                path = self.folder / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode("utf-8"))
                if path.suffix == ".py":
                    # Compiled code is known by second and size: two steps can share both.
                    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
        self.texts = dict(texts)

    def _lead_the_path(self) -> None:
        """Lets this folder be where the package is imported from, in place of any other."""
        others = str(self.folder.parent)
        sys.path[:] = [place for place in sys.path if str(Path(place).parent) != others]
        sys.path.insert(0, str(self.folder))
