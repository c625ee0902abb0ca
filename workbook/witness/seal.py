"""Whether the code that a witness works with is still the code that was loaded.

What a process says of itself can't be proven from inside it. But the short ways to better
evidence replace a probe, a method of the kit or a function of a library, and those are seen here.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter, is_
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
        names = [entry for module in _modules() for entry in _entries(module)]
        functions = {id(found): found for *_, value in names if (found := _function(value))}
        self._functions = tuple(functions.values())
        self._codes = tuple(function.__code__ for function in self._functions)
        spaces: dict[int, list[tuple[Mapping[str, Any], str, Any]]] = defaultdict(list)
        for entry in names:
            spaces[id(entry[0])].append(entry)
        self._spaces = [_columns(entries) for entries in spaces.values()]

    def holds(self, found: object) -> bool:
        """Whether it is a function that was there before any student's code."""
        return any(function is found for function in self._functions)

    def broken(
        self,
        own: Iterable[object] = (),
        *,
        # As they were when this was loaded, whatever their names mean by now.
        all_: Callable[..., bool] = all,
        map_: Any = map,
        is_: Any = is_,
        code_of: Any = attrgetter("__code__"),
    ) -> str:
        """The name of something that is another now than it was, or nothing.

        `own` are objects of ours whose methods nobody may hide.
        """
        # For each probe, for thousands of names: no loop of Python's where all is well.
        for get, names, values in self._spaces:
            if not all_(map_(is_, map_(get, names), values)):
                name = next(n for n, v in zip(names, values, strict=True) if get(n) is not v)
                return f"{get('__module__') or get('__name__')}.{name}"
        if not all_(map_(is_, map_(code_of, self._functions), self._codes)):
            pairs = zip(self._functions, self._codes, strict=True)
            function = next(one for one, code in pairs if one.__code__ is not code)
            return f"{function.__module__}.{function.__qualname__}"
        for one in own:
            if hidden := vars(one).keys() & vars(type(one)).keys():
                return f"{type(one).__name__}.{min(hidden)}"
        return ""


def _columns(
    entries: list[tuple[Mapping[str, Any], str, Any]],
) -> tuple[Callable[[str], Any], tuple[str, ...], tuple[Any, ...]]:
    """One namespace's own `get`, its names and what they stood for."""
    return entries[0][0].get, tuple(name for _, name, _ in entries), tuple(v for *_, v in entries)


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
            inside = vars(value)
            for inner, member in list(inside.items()):
                if _function(member):
                    yield inside, inner, member


def _function(value: Any) -> FunctionType | None:
    """The function itself, also of one inside a classmethod, staticmethod or property."""
    if isinstance(value, property):
        value = value.fget
    value = getattr(value, "__func__", value)
    return value if isinstance(value, FunctionType) else None
