"""All files under review, and what only the whole of them can tell."""

from __future__ import annotations

import ast
import os
import tokenize
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from .findings import Finding
from .registry import SYNTAX
from .sessions import Sessions
from .sources import Source
from .tables import Column, Link, Table, read_class
from .trees import Function, dotted, last

SKIPPED = {"node_modules", "site-packages", "venv", "env", "build", "dist"}


def python_files(path: Path) -> list[Path]:
    """The Python files at or below a path; hidden and installed ones left out."""
    if path.is_file():
        return [path] if path.suffix == ".py" else []
    found: list[Path] = []
    for folder, below, names in os.walk(path):
        below[:] = sorted(
            name
            for name in below
            if name not in SKIPPED and not name.startswith((".", "__pycache"))
        )
        found += [Path(folder, name) for name in sorted(names) if name.endswith(".py")]
    return found


class Project:
    """Sources by module, the broken ones as findings, and the classes.

    `unread` holds the files written for a Python later than the one that runs.
    """

    def __init__(self, root: Path) -> None:
        self.sources: list[Source] = []
        self.broken: list[Finding] = []
        self.unread: list[str] = []
        self.sessions = Sessions(self)
        base = root if root.is_dir() else root.parent
        if (base / "__init__.py").is_file():
            base = base.parent
        for file in python_files(root):
            parts = list(file.relative_to(base).with_suffix("").parts)
            if parts[-1] == "__init__":
                parts.pop()
            self._read(file, ".".join(parts))

    def _read(self, file: Path, module: str) -> None:
        shown = _shown(file)
        try:
            with tokenize.open(file) as stream:
                self.sources.append(Source(file, shown, module, stream.read()))
        except SyntaxError as error:
            if _is_newer_python(file):
                self.unread.append(shown)
                return
            self._tell(shown, error.lineno or 1, error.offset or 1, error.msg)
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            self._tell(shown, 1, 1, f"{type(error).__name__}: {error}")

    def _tell(self, path: str, line: int, column: int, message: str) -> None:
        self.broken.append(
            Finding(
                path,
                line,
                max(column, 1),
                SYNTAX,
                f"The file can't be read as Python: {message}.",
                "Nothing in it was reviewed, and nothing that imports it can start.",
                "Mend the line named here, then run the review again.",
                f"docs/review/README.md#{SYNTAX.lower()}",
            )
        )

    @cached_property
    def by_module(self) -> dict[str, Source]:
        return {source.module: source for source in self.sources}

    @cached_property
    def classes(self) -> dict[str, list[Table]]:
        """Every class of the project, tests and migrations left out, by name."""
        found: dict[str, list[Table]] = {}
        for source in self.sources:
            if source.is_test or source.is_migration:
                continue
            for node in source.every(ast.ClassDef):
                found.setdefault(node.name, []).append(read_class(source, node))
        for tables in list(found.values()):
            for table in tables:
                table.sqlmodel = any("SQLModel" in item.bases for item in self._line(found, table))
        return found

    def _line(self, classes: dict[str, list[Table]], table: Table) -> Iterator[Table]:
        """A class and the project's classes it inherits from."""
        seen, waiting = {table.name}, [table]
        while waiting:
            current = waiting.pop()
            yield current
            for base in current.bases:
                if base not in seen:
                    seen.add(base)
                    waiting += classes.get(base, [])[:1]

    def lineage(self, table: Table) -> list[Table]:
        return list(self._line(self.classes, table))

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The mapped classes whose name is theirs alone, inheritance folded in."""
        found = {}
        for name, candidates in self.classes.items():
            mapped = [item for item in candidates if self._is_mapped(item)]
            if len(mapped) == 1:
                found[name] = mapped[0]
        return found

    def _is_mapped(self, table: Table) -> bool:
        if table.mapped or table.sqlmodel:
            return table.mapped
        line = self.lineage(table)
        declarative = any("DeclarativeBase" in item.bases or "Base" in item.bases for item in line)
        own = any(column.says("primary_key") for item in line for column in item.columns.values())
        return declarative and own and "__abstract__" not in _assigned(table.node)

    def table_at(self, source: Source, node: ast.AST | None) -> Table | None:
        """The table a name stands for, told from other classes of that name."""
        qualified = source.qualified(node)
        module, _, name = qualified.rpartition(".")
        table = self.tables.get(name)
        if table is None or len(self.classes[name]) == 1 or source is table.source:
            return table
        home = f".{table.source.module}."
        return table if f".{module}." in home else None

    def columns(self, table: Table) -> dict[str, Column]:
        """A table's columns, inherited ones included."""
        return {k: v for item in reversed(self.lineage(table)) for k, v in item.columns.items()}

    def links(self, table: Table) -> dict[str, Link]:
        """A table's relationships, inherited ones included."""
        return {k: v for item in reversed(self.lineage(table)) for k, v in item.links.items()}

    def table_called(self, name: str) -> Table | None:
        """The table behind the first half of a foreign key."""
        named = [item for item in self.tables.values() if name in item.table_names]
        return named[0] if len(named) == 1 else self.tables.get(name)

    @cached_property
    def functions(self) -> dict[str, list[tuple[Source, Function]]]:
        """Every function and method outside tests, by name."""
        found: dict[str, list[tuple[Source, Function]]] = {}
        for source in self.sources:
            if not source.is_test:
                for function in source.functions:
                    found.setdefault(function.name, []).append((source, function))
        return found

    @cached_property
    def handled(self) -> set[str]:
        """The exceptions named by the handlers of the project, by last name."""
        names: set[str] = set()
        for source in self.sources:
            for handler in source.every(ast.ExceptHandler):
                if handler.type is not None:
                    names |= {last(dotted(item)) for item in ast.walk(handler.type)}
        return names - {""}

    def mentions(self, *words: str) -> bool:
        """Whether any file outside tests writes one of these words."""
        return any(word in self._texts for word in words)

    @cached_property
    def _texts(self) -> str:
        return "\0".join(source.text for source in self.sources if not source.is_test)


def _is_newer_python(file: Path) -> bool:
    """Whether a file this Python can't read is written for a later one."""
    import libcst  # only broken files need it, and it takes long to import

    content = file.read_bytes()
    if b"\0" in content:
        return False
    try:
        libcst.parse_module(content)
    except (libcst.ParserSyntaxError, SyntaxError, ValueError):
        return False
    return True


def _assigned(node: ast.ClassDef) -> set[str]:
    return {
        dotted(target)
        for item in node.body
        if isinstance(item, ast.Assign)
        for target in item.targets
    }


def _shown(file: Path) -> str:
    """The path as a reader would type it: below the current folder if it is."""
    absolute = file.resolve()
    try:
        return absolute.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return file.as_posix()
