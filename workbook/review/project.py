"""All files under review, and what only the whole of them can tell."""

from __future__ import annotations

import ast
import tokenize
from functools import cached_property
from pathlib import Path

from .classes import Classes
from .files import is_newer_python, is_template, python_files, shown
from .findings import Finding
from .registry import SYNTAX
from .sessions import Sessions
from .sources import Source
from .trees import Function, dotted, last


class Project(Classes):
    """Sources by module, the broken ones as findings, and the classes.

    `unread` holds the files written for a Python later than the one that runs.
    """

    def __init__(self, root: Path) -> None:
        super().__init__()
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
        name = shown(file)
        try:
            with tokenize.open(file) as stream:
                self.sources.append(Source(file, name, module, stream.read()))
        except SyntaxError as error:
            if is_newer_python(file):
                self.unread.append(name)
                return
            if is_template(file):
                return
            self._tell(name, error.lineno or 1, error.offset or 1, error.msg)
        except (OSError, ValueError, RecursionError) as error:
            self._tell(name, 1, 1, f"{type(error).__name__}: {error}")

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
    def _envs(self) -> list[tuple[Source, Path]]:
        """Each env.py of Alembic, and the folder that holds its environment."""
        return [(s, s.file.resolve().parent.parent) for s in self.sources if s.is_env]

    def envs_of(self, source: Source) -> list[Source]:
        """The env.py whose folder is the nearest above a module: it migrates the tables there.

        Several when environments lie side by side, none when the module is below none.
        """
        file = source.file.resolve()
        above = [(len(home.parts), env) for env, home in self._envs if file.is_relative_to(home)]
        nearest = max((depth for depth, _ in above), default=0)
        return [env for depth, env in above if depth == nearest]

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
