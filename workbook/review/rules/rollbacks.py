"""Failures that leave a session in a transaction nobody ends."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..calls import method, owner, session_calls
from ..project import Project
from ..registry import Mark, rule
from ..sources import Source
from ..trees import body_of, dotted, is_generator, last, names_in

# More handlers than this without a rollback are a habit, not an oversight.
EXCEPTIONS = 2


@rule(
    "WB305",
    "a failed write is swallowed without a rollback",
    why="After a failed flush or commit the session refuses every statement until it is rolled "
    "back; whoever uses it next gets PendingRollbackError.",
    fix="`await session.rollback()` in the handler, or put the write in `begin_nested()`.",
)
def find_swallowed_failures(source: Source, project: Project) -> Iterator[Mark]:
    for attempt in source.every(ast.Try):
        writes = _risky(source, project, attempt)
        for handler in attempt.handlers if writes else ():
            nodes = list(body_of(handler))
            ends = any(isinstance(node, ast.Raise) for node in nodes)
            mended = _rolls_back(nodes) or _rolls_back(_behind(source, attempt))
            if not ends and not mended and _catches_database(handler):
                yield handler, f"`{owner(writes[0])}` is left in a failed transaction here."


@rule(
    "WB306",
    "one handler forgets the rollback the others make",
    why="The caller's session stays in its failed transaction, and its next statement raises "
    "PendingRollbackError instead of the error you meant to report.",
    fix="`await session.rollback()` before raising, as the project's other handlers do.",
)
def find_forgotten_rollbacks(source: Source, project: Project) -> Iterator[Mark]:
    bare = _raising(source, project, rolling=False)
    if bare:
        others = [item for item in project.sources if not item.is_test]
        rolling = sum(len(_raising(item, project, rolling=True)) for item in others)
        missing = sum(len(_raising(item, project, rolling=False)) for item in others)
        for handler in bare if missing <= EXCEPTIONS and rolling >= 2 * missing else ():
            yield handler, "This handler leaves the failed transaction open; the others roll back."


def _raising(source: Source, project: Project, *, rolling: bool) -> list[ast.ExceptHandler]:
    """The handlers of failed writes that raise, with or without a rollback before."""
    found = []
    for attempt in source.every(ast.Try):
        for handler in attempt.handlers if _risky(source, project, attempt) else ():
            nodes = list(body_of(handler))
            raises = any(isinstance(node, ast.Raise) for node in nodes)
            if raises and _catches_database(handler) and _rolls_back(nodes) == rolling:
                found.append(handler)
    return found


@rule(
    "WB307",
    "a transaction helper that never rolls back",
    why="It commits when all went well, but after an exception leaves the caller's session in the "
    "failed transaction.",
    fix="`except BaseException: await session.rollback(); raise` around the `yield`.",
)
def find_helpers_without_rollback(source: Source, project: Project) -> Iterator[Mark]:
    for function in source.every(ast.AsyncFunctionDef):
        if not is_generator(function):
            continue
        nodes = source.inside(function)
        owned = {dotted(item.optional_vars) for item in nodes if isinstance(item, ast.withitem)}
        for call in session_calls(source, project, nodes):
            lent = owner(call) not in owned and "." not in owner(call).removeprefix("self.")
            if method(call) == "commit" and lent and not _rolls_back(nodes):
                yield call, f"Nothing rolls `{owner(call)}` back when the block inside fails."


def _behind(source: Source, attempt: ast.Try) -> list[ast.AST]:
    """What a function does behind a try."""
    function = source.function_of(attempt)
    end = attempt.end_lineno or attempt.lineno
    nodes = source.inside(function) if function else []
    return [node for node in nodes if getattr(node, "lineno", 0) > end]


@rule(
    "WB308",
    "an error that ends at the yield",
    why="Whoever uses the session goes on as if all had gone well: the caller gets an answer for "
    "work that was rolled back.",
    fix="`raise` at the end of the handler.",
)
def find_errors_kept_at_the_yield(source: Source, project: Project) -> Iterator[Mark]:
    for attempt in source.every(ast.Try):
        function = source.function_of(attempt)
        if not isinstance(function, ast.AsyncFunctionDef):
            continue
        yields = any(isinstance(node, ast.Yield) for node in body_of(attempt))
        for handler in attempt.handlers if yields else ():
            nodes = list(body_of(handler))
            undoes = any(
                method(call) == "rollback" for call in session_calls(source, project, nodes)
            )
            if undoes and _catches_database(handler) and not _leaves(nodes):
                yield handler, "The exception is rolled back here, and nobody hears of it."


def _leaves(nodes: list[ast.AST]) -> bool:
    return any(isinstance(node, ast.Raise | ast.Yield) for node in nodes)


def _risky(source: Source, project: Project, attempt: ast.Try) -> list[ast.Call]:
    """Flushes and commits in a try, of a session that outlives it."""
    blocks = [node for node in source.ancestors(attempt) if isinstance(node, ast.AsyncWith)]
    blocks += [node for node in body_of(attempt) if isinstance(node, ast.AsyncWith)]
    owned = {dotted(item.optional_vars) for block in blocks for item in block.items}
    nested = any("begin_nested" in names_in(item) for b in blocks for item in b.items)
    return [
        call
        for call in session_calls(source, project, list(body_of(attempt)))
        if method(call) in ("commit", "flush") and owner(call) not in owned and not nested
    ]


def _rolls_back(nodes: list[ast.AST]) -> bool:
    return any("rollback" in name for node in nodes for name in names_in(node))


def _catches_database(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {last(dotted(item)) for item in ast.walk(handler.type)}
    return bool(
        names & {"Exception", "BaseException", "IntegrityError", "SQLAlchemyError", "DBAPIError"}
    )
