"""Mend what can be mended without changing what the code means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import libcst
from libcst import matchers
from libcst.metadata import MetadataWrapper, PositionProvider

from .findings import Finding

AWARE = "datetime.now(timezone.utc)"
UTCNOW = matchers.Attribute(matchers.Name("datetime"), matchers.Name("utcnow"))
ENGINE = matchers.Name("create_async_engine") | matchers.Attribute(
    attr=matchers.Name("create_async_engine")
)


def mend(findings: Sequence[Finding]) -> int:
    """Rewrite the files of fixable findings; return how many places changed.

    WB501 gets `pool_pre_ping=True`, WB621 `index=True`. WB601 becomes aware only where no
    column of the project is naive: an aware value would be refused there.
    """
    codes = {"WB501", "WB621"}
    if not any(item.code == "WB602" for item in findings):
        codes.add("WB601")
    places: dict[str, dict[tuple[int, int], str]] = {}
    for item in findings:
        if item.code in codes:
            places.setdefault(item.path, {})[item.line, item.column - 1] = item.code
    return sum(_mend_file(Path(path), where) for path, where in places.items())


def _mend_file(file: Path, places: dict[tuple[int, int], str]) -> int:
    module = libcst.parse_module(file.read_bytes())
    if "sqlmodel" not in module.code or _has_other_timezone(module):
        places = {where: code for where, code in places.items() if code != "WB601"}
    mender = _Mender(places)
    tree = MetadataWrapper(module).visit(mender)
    if mender.needs_timezone:
        tree = tree.visit(_Importer())
    if mender.changed:
        file.write_bytes(tree.bytes)
    return mender.changed


def _has_other_timezone(module: libcst.Module) -> bool:
    """Whether `timezone` already means something else here."""
    named = matchers.ImportAlias(name=matchers.Name("timezone"))
    imports = matchers.findall(module, matchers.ImportFrom())
    return any(
        matchers.findall(item, named)
        and not matchers.matches(item, matchers.ImportFrom(module=matchers.Name("datetime")))
        for item in imports
    )


class _Mender(libcst.CSTTransformer):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, places: dict[tuple[int, int], str]) -> None:
        super().__init__()
        self.places = places
        self.changed = 0
        self.needs_timezone = False
        self.called: set[libcst.BaseExpression] = set()

    def _is_at(self, node: libcst.CSTNode, code: str) -> bool:
        start = self.get_metadata(PositionProvider, node).start
        return self.places.get((start.line, start.column)) == code

    def visit_Call(self, node: libcst.Call) -> None:  # noqa: N802
        self.called.add(node.func)

    def leave_Call(  # noqa: N802
        self, original_node: libcst.Call, updated_node: libcst.Call
    ) -> libcst.BaseExpression:
        if matchers.matches(original_node.func, ENGINE) and self._is_at(original_node, "WB501"):
            self.changed += 1
            return _with_true(updated_node, "pool_pre_ping")
        if matchers.matches(original_node.func, UTCNOW) and self._is_at(original_node, "WB601"):
            return self._aware(AWARE)
        return updated_node

    def leave_Attribute(  # noqa: N802
        self, original_node: libcst.Attribute, updated_node: libcst.Attribute
    ) -> libcst.BaseExpression:
        handed_on = original_node not in self.called and matchers.matches(original_node, UTCNOW)
        if handed_on and self._is_at(original_node, "WB601"):
            return self._aware(f"lambda: {AWARE}")
        return updated_node

    def leave_AnnAssign(  # noqa: N802
        self, original_node: libcst.AnnAssign, updated_node: libcst.AnnAssign
    ) -> libcst.AnnAssign:
        made = updated_node.value
        if not isinstance(made, libcst.Call) or not self._is_at(original_node, "WB621"):
            return updated_node
        mapped = matchers.matches(made.func, matchers.Name("mapped_column"))
        if mapped or _has(made, "foreign_key"):
            self.changed += 1
            return updated_node.with_changes(value=_with_true(made, "index"))
        return updated_node

    def _aware(self, code: str) -> libcst.BaseExpression:
        self.changed += 1
        self.needs_timezone = True
        return libcst.parse_expression(code)


class _Importer(libcst.CSTTransformer):
    """Adds `timezone` to the import that brings `datetime`, which must be there."""

    def leave_ImportFrom(  # noqa: N802
        self, original_node: libcst.ImportFrom, updated_node: libcst.ImportFrom
    ) -> libcst.ImportFrom:
        names = updated_node.names
        origin = original_node.module
        ours = isinstance(origin, libcst.Name) and origin.value == "datetime"
        if not ours or isinstance(names, libcst.ImportStar):
            return updated_node
        if "timezone" in {item.evaluated_name for item in names}:
            return updated_node
        comma = libcst.Comma(whitespace_after=libcst.SimpleWhitespace(" "))
        added = libcst.ImportAlias(libcst.Name("timezone"), comma=names[-1].comma)
        return updated_node.with_changes(
            names=[*names[:-1], names[-1].with_changes(comma=comma), added]
        )


def _has(call: libcst.Call, name: str) -> bool:
    return any(item.keyword is not None and item.keyword.value == name for item in call.args)


def _with_true(call: libcst.Call, name: str) -> libcst.Call:
    """The call with `name=True`: in its place, or behind the last argument."""
    value = libcst.Name("True")
    args = list(call.args)
    for number, item in enumerate(args):
        if item.keyword is not None and item.keyword.value == name:
            args[number] = item.with_changes(value=value)
            return call.with_changes(args=args)
    tight = libcst.SimpleWhitespace("")
    equal = libcst.AssignEqual(whitespace_before=tight, whitespace_after=tight)
    added = libcst.Arg(value=value, keyword=libcst.Name(name), equal=equal)
    if args:
        space = libcst.Comma(whitespace_after=libcst.SimpleWhitespace(" "))
        between = args[-2].comma if len(args) > 1 else space
        closing, args[-1] = args[-1].comma, args[-1].with_changes(comma=between)
        added = added.with_changes(comma=closing)
    return call.with_changes(args=[*args, added])
