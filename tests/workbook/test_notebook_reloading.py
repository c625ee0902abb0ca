"""A package that grows on disk grows in the process, and what can live on does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy.orm import configure_mappers

from workbook.notebook.reloading import refresh

PACKAGE = "grown"

SERVICE = '''
class Service:
    """Counts."""

    def count(self, by: int = 1) -> int:
        """Say a number."""
        {body}

    async def later(self):
        {body}
'''

MODELS = """
from typing import Any
from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel
{base}
class Worker({name}, table=True):
    id: int | None = Field(default=None, primary_key=True)
    {more}

class Task({name}, table=True):
    id: int | None = Field(default=None, primary_key=True)
    worker_id: int | None = Field(default=None, foreign_key="worker.id")
    worker: Worker | None = Relationship()
"""
OWN = """
class Base(SQLModel, registry=registry(metadata=MetaData())):
    pass
"""


class Place:
    """A package on disk, and the names of a notebook that uses it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.texts: dict[str, str] = {}
        self.names: dict[str, Any] = {}

    def write(self, **files: str) -> None:
        """Takes one step: modules by name, with their new text."""
        before = dict(self.texts)
        self.texts |= {f"{PACKAGE}/__init__.py": ""}
        self.texts |= {f"{PACKAGE}/{name}.py": text for name, text in files.items()}
        for file, text in self.texts.items():
            (self.folder / file).parent.mkdir(exist_ok=True)
            (self.folder / file).write_text(text)
        try:
            refresh(self.folder, PACKAGE, before, self.texts, self.names)
        except BaseException:
            self.texts = before
            raise

    def module(self, name: str) -> ModuleType:
        __import__(f"{PACKAGE}.{name}")
        return sys.modules[f"{PACKAGE}.{name}"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield Place(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def service(body: str, extra: str = "") -> str:
    return SERVICE.format(body=body) + extra


def test_a_new_body_reaches_objects_that_are_open(place: Place) -> None:
    place.write(service=service("raise NotImplementedError"))
    before = place.module("service")
    opened, bound = before.Service(), before.Service().count
    place.write(service=service("return 2"))
    assert place.module("service") is before
    assert opened.count() == bound() == 2


def test_a_new_attribute_imports_the_package_again(place: Place) -> None:
    place.write(service=service("return 1"))
    old = place.module("service")
    place.names |= {"Service": old.Service, "module": old, "number": 1, "_kept": old.Service}
    place.write(service=service("return 2", "LIMIT = 3\n"))
    new = place.module("service")
    assert new is not old
    assert place.names["Service"] is new.Service
    assert place.names["module"] is new
    assert place.names["_kept"] is old.Service
    assert new.LIMIT == 3


def test_a_closure_that_changes_its_names_imports_again(place: Place) -> None:
    place.write(service=service("return 1"))
    place.names["Service"] = place.module("service").Service
    place.write(service=service("return type(super()).__name__"))
    assert place.names["Service"]().count() == "super"


def test_a_package_that_fails_to_import_leaves_the_old_one(place: Place) -> None:
    place.write(service=service("return 1"))
    old = place.module("service")
    place.names["Service"] = old.Service
    with pytest.raises(ZeroDivisionError):
        place.write(service=service("return 2", "1 / 0\n"))
    assert sys.modules[f"{PACKAGE}.service"] is old
    assert place.names["Service"]().count() == 1


def test_a_module_nobody_imported_yet_needs_nothing(place: Place) -> None:
    place.write(service=service("return 1"))
    old = place.module("service")
    place.write(other="X = 1\n")
    assert place.module("service") is old
    assert place.module("other").X == 1


@pytest.mark.parametrize(("base", "name"), [(OWN, "Base"), ("", "SQLModel")])
def test_models_can_be_imported_again_and_again(place: Place, base: str, name: str) -> None:
    for step in ("pass", "handle: str = ''", "handle: str = ''\n    email: str = ''", "pass"):
        place.write(models=MODELS.format(base=base, name=name, more=step))
        models = place.module("models")
        place.names.setdefault("Task", models.Task)
        configure_mappers()
        assert place.names["Task"] is models.Task
        assert models.Task.worker.property.mapper.class_ is models.Worker


def test_a_relationship_that_is_not_written_yet_blocks_nobody(place: Place) -> None:
    missing = MODELS.format(base=OWN, name="Base", more="pass").replace(
        "worker: Worker | None", 'worker: "Nobody | None"'
    )
    place.write(models=missing)
    place.module("models")
    place.write(models=MODELS.format(base=OWN, name="Base", more="pass"))
    configure_mappers()
    assert place.module("models").Task.worker.property.mapper.class_.__name__ == "Worker"
