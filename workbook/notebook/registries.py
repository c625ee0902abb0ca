"""What SQLAlchemy remembers of a package, set aside when the package is imported again."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any

from sqlalchemy.orm import registry


class Retired:
    """Old registries; those that could not be completed go once the new ones stand."""

    def __init__(self, incomplete: list[registry]) -> None:
        self._incomplete = incomplete

    def finish(self) -> None:
        for each in self._incomplete:
            each.dispose()


def retire(package: str, modules: Iterable[ModuleType]) -> Retired:
    """Prepares the mapped classes of modules for others of the same name.

    A registry of the package's own is completed, so that loaded objects go on working;
    one that can't be completed is disposed of afterwards. From a registry that the package
    shares with others, such as SQLModel's, its classes and tables have to go at once.
    """
    own: dict[int, registry] = {}
    shared: dict[int, tuple[registry, list[type]]] = {}
    for mapped in _mapped(package, modules):
        found: registry = mapped._sa_registry
        above = [each for each in mapped.__mro__[1:] if not _belongs(each, package)]
        if any(getattr(each, "_sa_registry", None) is found for each in above):
            shared.setdefault(id(found), (found, []))[1].append(mapped)
        else:
            own[id(found)] = found
    for found, classes in shared.values():
        tables = [each.__table__ for each in classes if hasattr(each, "__table__")]
        found.dispose()
        for table in tables:
            if table.metadata.tables.get(table.key) is table:
                table.metadata.remove(table)
    incomplete = []
    for found in own.values():
        try:
            found.configure()
        except Exception:  # a relationship to a model that isn't written yet
            incomplete.append(found)
    return Retired(incomplete)


def _mapped(package: str, modules: Iterable[ModuleType]) -> list[Any]:
    values = {id(value): value for module in modules for value in vars(module).values()}
    return [
        value
        for value in values.values()
        if isinstance(value, type)
        and _belongs(value, package)
        and isinstance(getattr(value, "_sa_registry", None), registry)
    ]


def _belongs(value: type, package: str) -> bool:
    return value.__module__ == package or value.__module__.startswith(f"{package}.")
