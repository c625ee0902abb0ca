"""Passwords that reach a message."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..project import Project
from ..queries import assigned
from ..registry import Mark, rule
from ..sources import Source
from ..trees import dotted, last, names_in

URL_NAMES = re.compile(
    r"^(database|db|sqlalchemy|postgres|async_database)_?(url|uri|dsn)$|^dsn$", re.I
)
PARSERS = {"make_url", "create_async_engine"}
BROAD = {"Exception", "BaseException"}
TELLS = {"debug", "info", "warning", "error", "critical", "exception", "print"}


@rule(
    "WB402",
    "a database URL in a message",
    why="The URL carries the password; messages end in logs, tickets and answers to strangers.",
    fix="Name the scheme or the host, or use `make_url(url).render_as_string(hide_password=True)`.",
    everywhere=True,
)
def find_told_urls(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call):
        raised = isinstance(source.parents[call], ast.Raise)
        if raised or last(dotted(call.func)) in TELLS:
            for node in (part for argument in call.args for part in _shown(argument)):
                if _is_secret(source, node):
                    yield node, f"`{dotted(node)}` is written into a message with its password."


def _shown(node: ast.expr) -> Iterator[ast.expr]:
    """The names whose values a message shows."""
    if isinstance(node, ast.JoinedStr):
        for part in node.values:
            yield from _shown(part.value) if isinstance(part, ast.FormattedValue) else ()
    elif isinstance(node, ast.BinOp):
        yield from _shown(node.left)
        yield from _shown(node.right)
    elif isinstance(node, ast.Tuple):
        for item in node.elts:
            yield from _shown(item)
    elif isinstance(node, ast.Call) and (dotted(node.func) in ("repr", "str") or _formats(node)):
        for item in node.args:
            yield from _shown(item)
    elif dotted(node):
        yield node


def _formats(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "format"


def _is_secret(source: Source, node: ast.AST) -> bool:
    name = dotted(node)
    if _is_parsers_own(source, node):
        return True
    if URL_NAMES.match(last(name)):
        return not _is_masked(source, node)
    function = source.function_of(node)
    if name not in ("url", "raw_url", "raw") or function is None:
        return False
    about = "database" in function.name or "db" in function.name.split("_")
    return (about or "make_url" in names_in(function)) and not _is_masked(source, node)


def _is_masked(source: Source, node: ast.AST) -> bool:
    """Whether the name holds a URL object, which hides its password itself."""
    function = source.function_of(node)
    name = dotted(node)
    for argument in function.args.args if function else ():
        if argument.arg == name and argument.annotation is not None:
            return last(dotted(argument.annotation)) == "URL"
    values = assigned(source, function, name) if function else []
    written = set().union(*map(names_in, values)) if values else set()
    return bool(written & {"make_url", "URL", "mask", "redact", "hide_password", "host", "split"})


def _is_parsers_own(source: Source, node: ast.AST) -> bool:
    """Whether a name is the error of parsing a URL, whose text quotes the URL."""
    for above in source.ancestors(node):
        if isinstance(above, ast.ExceptHandler) and above.name == dotted(node):
            attempt = source.parents[above]
            body = attempt.body if isinstance(attempt, ast.Try) else []
            broad = above.type is None or last(dotted(above.type)) in BROAD
            # The more such a handler stands for, the less its error is the parser's.
            return not (broad and len(body) > 2) and any(PARSERS & names_in(part) for part in body)
    return False
