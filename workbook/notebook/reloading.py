"""A package that changed on disk changes in the kernel, and the notebook goes on."""

from __future__ import annotations

import ast
import gc
import importlib
import importlib.util
import linecache
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from workbook.notebook.registries import retire

_PLAIN = (int, float, complex, str, bytes, bool, tuple, frozenset, type(None), type(...))


def refresh(
    folder: Path,
    package: str,
    before: Mapping[str, str],
    after: Mapping[str, str],
    names: MutableMapping[str, Any],
) -> None:
    """Takes the step from the texts `before` to the texts `after` in this process.

    Where only function bodies changed, living functions get the new code, and sessions,
    engines and open objects live on. Otherwise all modules of the package are imported
    again and `names` point at the new classes and functions. Raises what an import raises;
    then the old modules are back.
    """
    importlib.invalidate_caches()
    loaded = {
        file: name
        for file in before.keys() | after.keys()
        if before.get(file) != after.get(file)
        and file.startswith(f"{package}/")  # alembic/env.py is nothing that is imported
        and (name := _module_name(file)) in sys.modules
    }
    for file in loaded:
        linecache.checkcache(str(folder / file))
    if loaded and not _swap(folder, {file: (before.get(file), after.get(file)) for file in loaded}):
        import_again(package, names)


def _module_name(file: str) -> str:
    path = file.removesuffix(".py").removesuffix("/__init__") if file.endswith(".py") else ""
    return path.replace("/", ".")


def _swap(folder: Path, changes: Mapping[str, tuple[str | None, str | None]]) -> bool:
    """Gives living functions their new code; False, and nothing done, when that can't be."""
    new: dict[str, dict[str, list[CodeType]]] = {}
    for file, (old_text, text) in changes.items():
        if old_text is None or text is None or _skeleton(old_text) != _skeleton(text):
            return False
        filename = str(folder / file)
        new[filename] = {}
        for code in _codes(compile(text, filename, "exec")):
            new[filename].setdefault(code.co_qualname, []).append(code)
    pairs = []
    for function in [each for each in gc.get_objects() if type(each) is FunctionType]:
        old = function.__code__
        if old.co_filename not in new:
            continue
        found = new[old.co_filename].get(old.co_qualname, [])
        if len(found) == 1 and found[0].co_freevars == old.co_freevars:
            pairs.append((function, found[0]))
        elif "<" not in old.co_qualname:  # what a function made while it ran may stay as it is
            return False
    for function, code in pairs:
        function.__code__ = code
    return True


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


class _Skeleton(ast.NodeTransformer):
    """A file without what its functions do."""

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = node.body[:1] if ast.get_docstring(node, clean=False) is not None else []
            return node
        return super().generic_visit(node)


def _skeleton(text: str) -> str:
    return ast.dump(_Skeleton().visit(ast.parse(text)))


def import_again(package: str, names: MutableMapping[str, Any]) -> None:
    """Imports the loaded modules of a package anew; on an error the old ones are back."""
    old = {
        name: module
        for name, module in list(sys.modules.items())
        if name == package or name.startswith(f"{package}.")
    }
    if not old:
        return
    retired = retire(package, old.values())
    for name in old:
        del sys.modules[name]
    importlib.invalidate_caches()
    try:
        for name in sorted(old):
            if name == package or importlib.util.find_spec(name) is not None:
                importlib.import_module(name)
    except BaseException:
        for name in [n for n in sys.modules if n == package or n.startswith(f"{package}.")]:
            del sys.modules[name]
        sys.modules.update(old)
        raise
    retired.finish()
    _repoint(old, names)


def _repoint(old: Mapping[str, ModuleType], names: MutableMapping[str, Any]) -> None:
    """Lets a notebook's names point at what the old objects are called in the new modules."""
    places: dict[int, tuple[str, str]] = {}
    for name, module in old.items():
        places[id(module)] = (name, "")
        for attribute, value in vars(module).items():
            if not isinstance(value, _PLAIN) and not attribute.startswith("__"):
                places.setdefault(id(value), (name, attribute))
    for name, value in list(names.items()):
        module_name, attribute = places.get(id(value), ("", ""))
        if (module_new := sys.modules.get(module_name)) is None or name.startswith("_"):
            continue
        if not attribute:
            names[name] = module_new
        elif hasattr(module_new, attribute):
            names[name] = getattr(module_new, attribute)
