"""The mapped classes of a project: their fields, keys and relationships."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from .annotations import meaning
from .sources import Source
from .trees import dotted, is_constant, keyword, last, targets_of, text_of

COLUMN_MAKERS = {"Field", "Column", "mapped_column"}
LINK_MAKERS = {"Relationship", "relationship"}
JSON_TYPES = re.compile(r"^JSONB?$|^json_?type$", re.IGNORECASE)


@dataclass
class Column:
    """One field of a class: the call that makes it, and what it says."""

    name: str
    node: ast.AnnAssign | ast.Assign
    call: ast.Call | None
    annotation: ast.expr | None

    def says(self, *names: str) -> bool:
        """Whether `name=True` stands anywhere in the field's call."""
        calls = [item for item in ast.walk(self.node) if isinstance(item, ast.Call)]
        return any(is_constant(keyword(call, name), True) for call in calls for name in names)

    @property
    def names(self) -> set[str]:
        return {last(dotted(item)) for item in ast.walk(self.node)} - {""}

    @property
    def foreign_key(self) -> str:
        """The column pointed at, as `table.column` or `Class.column`."""
        for call in (item for item in ast.walk(self.node) if isinstance(item, ast.Call)):
            given = keyword(call, "foreign_key")
            if last(dotted(call.func)) == "ForeignKey":
                given = call.args[0] if call.args else keyword(call, "column")
            if given is not None:
                return text_of(given) or dotted(given)
        return ""

    @property
    def holds_json(self) -> bool:
        return any(JSON_TYPES.match(name) for name in self.names)

    @property
    def is_tracked(self) -> bool:
        return any("as_mutable" in name or name.startswith("Mutable") for name in self.names)


@dataclass
class Link:
    """One relationship: its target, its side, and the options it names."""

    name: str
    node: ast.AnnAssign | ast.Assign
    call: ast.Call
    annotation: ast.expr | None
    target: str
    many: bool
    options: dict[str, ast.expr]
    opaque: bool

    @property
    def is_lazy(self) -> bool:
        lazy = self.options.get("lazy")
        return not self.opaque and (lazy is None or text_of(lazy) == "select")


@dataclass
class Table:
    """A class with columns; `mapped` when it is a table of its own."""

    name: str
    source: Source
    node: ast.ClassDef
    bases: list[str]
    mapped: bool = False
    sqlmodel: bool = False
    columns: dict[str, Column] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)

    @property
    def table_names(self) -> set[str]:
        for node in self.node.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and any(
                dotted(target) == "__tablename__" for target in targets_of(node)
            ):
                return {text_of(node.value)}
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", self.name).lower()
        return {self.name.lower(), snake, f"{snake}s", f"{self.name.lower()}s"}


def read_class(source: Source, node: ast.ClassDef) -> Table:
    """A class as the rules see it, its own body alone."""
    table = Table(node.name, source, node, [last(dotted(base)) for base in node.bases])
    table.sqlmodel = "SQLModel" in table.bases
    table.mapped = any(
        item.arg == "table" and is_constant(item.value, True) for item in node.keywords
    )
    for item in node.body:
        if isinstance(item, ast.AnnAssign | ast.Assign):
            _read_member(table, item)
    return table


def _read_member(table: Table, node: ast.AnnAssign | ast.Assign) -> None:
    targets = targets_of(node)
    if len(targets) != 1 or not isinstance(targets[0], ast.Name):
        return
    name = targets[0].id
    annotation = node.annotation if isinstance(node, ast.AnnAssign) else None
    call = node.value if isinstance(node.value, ast.Call) else None
    maker = last(dotted(call.func)) if call else ""
    if name == "__tablename__" and text_of(node.value):
        table.mapped = table.mapped or not table.sqlmodel
    elif call and maker in LINK_MAKERS:
        table.links[name] = _read_link(name, node, call, annotation)
    elif not name.startswith("__") and (annotation is not None or maker in COLUMN_MAKERS):
        table.columns[name] = Column(name, node, call, annotation)


def _read_link(
    name: str, node: ast.AnnAssign | ast.Assign, call: ast.Call, annotation: ast.expr | None
) -> Link:
    options = {item.arg: item.value for item in call.keywords if item.arg}
    opaque = any(item.arg is None for item in call.keywords) or "sa_relationship" in options
    extra = options.pop("sa_relationship_kwargs", None)
    if isinstance(extra, ast.Dict):
        opaque = opaque or any(key is None for key in extra.keys)
        options |= {
            text_of(key): value for key, value in zip(extra.keys, extra.values, strict=True)
        }
    elif isinstance(extra, ast.Call) and dotted(extra.func) == "dict":
        options |= {item.arg: item.value for item in extra.keywords if item.arg}
    elif extra is not None:
        opaque = True
    said = meaning(annotation)
    target = said.target
    if maker_target := (call.args[0] if call.args else options.get("argument")):
        target = text_of(maker_target) or dotted(maker_target) or target
    many = said.many or (annotation is None and not is_constant(options.get("uselist"), False))
    return Link(name, node, call, annotation, last(target), many, options, opaque)
