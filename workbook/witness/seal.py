"""Whether the code that a witness works with is still the code that was loaded.

What a process says of itself can't be proven from inside it. But the short ways to better
evidence replace a probe, a method of the kit or a function of a library, and those are seen here.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

SEALED = (
    "builtins", "json", "asyncio", "probes", "workbook", "sqlalchemy.event", "sqlalchemy.engine",
    "sqlalchemy.ext.asyncio", "sqlalchemy.orm.session", "sqlmodel.ext.asyncio",
)  # fmt: skip
"""Modules, with all below them, that no exercise asks anybody to change."""


class Seal:
    """A note of every function of the sealed modules, taken before any student's code runs."""

    def __init__(self) -> None:
        self._names = [entry for module in _modules() for entry in _entries(module)]
        functions = {id(found): found for *_, value in self._names if (found := _function(value))}
        self._codes = [(function, function.__code__) for function in functions.values()]

    def holds(self, found: object) -> bool:
        """Whether it is a function that was there before any student's code."""
        return any(function is found for function, _ in self._codes)

    def broken(self, own: Iterable[object] = ()) -> str:
        """The name of something that is another now than it was, or nothing.

        `own` are objects of ours whose methods nobody may hide.
        """
        for namespace, name, value in self._names:
            if namespace.get(name) is not value:
                return f"{namespace.get('__module__') or namespace.get('__name__')}.{name}"
        for function, code in self._codes:
            if function.__code__ is not code:
                return f"{function.__module__}.{function.__qualname__}"
        for one in own:
            if hidden := vars(one).keys() & vars(type(one)).keys():
                return f"{type(one).__name__}.{min(hidden)}"
        return ""


def _modules() -> list[ModuleType]:
    return [
        module
        for name, module in sorted(sys.modules.items())
        if any(name == sealed or name.startswith(f"{sealed}.") for sealed in SEALED)
    ]


def _entries(module: ModuleType) -> Iterator[tuple[Mapping[str, Any], str, Any]]:
    """Functions and classes of a module, and the methods of its classes, each where it stands."""
    for name, value in list(vars(module).items()):
        if callable(value):
            yield vars(module), name, value
        if isinstance(value, type) and value.__module__ == module.__name__:
            for inner, member in list(vars(value).items()):
                if _function(member):
                    yield vars(value), inner, member


def _function(value: Any) -> FunctionType | None:
    """The function itself, also of one inside a classmethod, staticmethod or property."""
    if isinstance(value, property):
        value = value.fget
    value = getattr(value, "__func__", value)
    return value if isinstance(value, FunctionType) else None
