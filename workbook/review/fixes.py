"""Mend what can be mended without changing what the code means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import libcst
from libcst import matchers
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor
from libcst.metadata import MetadataWrapper, PositionProvider

from .findings import Finding

FIXABLE = {"WB501", "WB601", "WB621"}
AWARE = "datetime.now(timezone.utc)"


def mend(findings: Sequence[Finding]) -> int:
    """Rewrite the files of fixable findings; return how many places changed."""
    changed = 0
    by_path: dict[str, dict[tuple[int, int], str]] = {}
    for item in findings:
        if item.code in FIXABLE:
            by_path.setdefault(item.path, {})[item.line, item.column - 1] = item.code
    for path, places in by_path.items():
        file = Path(path)
        wrapper = MetadataWrapper(libcst.parse_module(file.read_bytes()))
        mender = _Mender(places)
        tree = wrapper.visit(mender)
        if mender.changed:
            file.write_bytes(_imported(tree, mender).bytes)
            changed += mender.changed
    return changed


def _imported(tree: libcst.Module, mender: _Mender) -> libcst.Module:
    if not mender.needs_timezone:
        return tree
    context = CodemodContext()
    AddImportsVisitor.add_needed_import(context, "datetime", "timezone")
    return AddImportsVisitor(context).transform_module(tree)


class _Mender(libcst.CSTTransformer):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, places: dict[tuple[int, int], str]) -> None:
        super().__init__()
        self.places = places
        self.changed = 0
        self.needs_timezone = False

    def _code(self, node: libcst.CSTNode) -> str:
        start = self.get_metadata(PositionProvider, node).start
        return self.places.get((start.line, start.column), "")

    def leave_Call(  # noqa: N802
        self, original_node: libcst.Call, updated_node: libcst.Call
    ) -> libcst.BaseExpression:
        code = self._code(original_node)
        if code == "WB501" and _makes_engine(original_node):
            self.changed += 1
            return _with_keyword(updated_node, "pool_pre_ping")
        if code == "WB601" and _is_utcnow(original_node.func):
            self.changed += 1
            self.needs_timezone = True
            return libcst.parse_expression(AWARE)
        return updated_node

    def leave_Arg(  # noqa: N802
        self, original_node: libcst.Arg, updated_node: libcst.Arg
    ) -> libcst.Arg:
        code = self._code(original_node.value)
        if code == "WB601" and original_node.keyword and _is_utcnow(original_node.value):
            self.changed += 1
            self.needs_timezone = True
            return updated_node.with_changes(value=libcst.parse_expression(f"lambda: {AWARE}"))
        return updated_node

    def leave_AnnAssign(  # noqa: N802
        self, original_node: libcst.AnnAssign, updated_node: libcst.AnnAssign
    ) -> libcst.AnnAssign:
        made = updated_node.value
        if self._code(original_node) == "WB621" and isinstance(made, libcst.Call):
            maker = libcst.ensure_type(made.func, libcst.Name).value
            if maker == "mapped_column" or (maker == "Field" and _has(made, "foreign_key")):
                self.changed += 1
                return updated_node.with_changes(value=_with_keyword(made, "index"))
        return updated_node


def _is_utcnow(node: libcst.BaseExpression) -> bool:
    name = matchers.Name("datetime")
    return matchers.matches(node, matchers.Attribute(name, matchers.Name("utcnow")))


def _makes_engine(call: libcst.Call) -> bool:
    return matchers.matches(call.func, matchers.Name("create_async_engine")) or matchers.matches(
        call.func, matchers.Attribute(attr=matchers.Name("create_async_engine"))
    )


def _has(call: libcst.Call, name: str) -> bool:
    return any(item.keyword is not None and item.keyword.value == name for item in call.args)


def _with_keyword(call: libcst.Call, name: str) -> libcst.Call:
    """The call with `name=True`, its own formatting kept."""
    plain = libcst.AssignEqual(
        whitespace_before=libcst.SimpleWhitespace(""), whitespace_after=libcst.SimpleWhitespace("")
    )
    value = libcst.Name("True")
    if _has(call, name):
        return call.with_changes(
            args=[
                item.with_changes(value=value)
                if item.keyword is not None and item.keyword.value == name
                else item
                for item in call.args
            ]
        )
    added = libcst.Arg(value=value, keyword=libcst.Name(name), equal=plain)
    return call.with_changes(args=_appended(call.args, added))


def _appended(given: Sequence[libcst.Arg], added: libcst.Arg) -> list[libcst.Arg]:
    """The arguments and one more, set as the last one was."""
    if not given:
        return [added]
    last = given[-1]
    comma = (
        given[-2].comma
        if len(given) > 1
        else libcst.Comma(whitespace_after=libcst.SimpleWhitespace(" "))
    )
    if isinstance(last.comma, libcst.Comma):
        closing = last.comma
        return [*given[:-1], last.with_changes(comma=comma), added.with_changes(comma=closing)]
    return [*given[:-1], last.with_changes(comma=comma), added]
