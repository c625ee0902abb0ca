"""Sessions used by two tasks at once, kept forever, or never closed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..calls import owner, session_calls
from ..project import Project
from ..registry import Mark, rule
from ..sessions import ASYNC
from ..sources import Source
from ..trees import dotted, is_generator, last, targets_of, within

SPAWNS = {"create_task", "ensure_future", "start_soon"}


@rule(
    "WB351",
    "one session shared by tasks that run at once",
    why="A session is one connection and one transaction: two tasks in it raise "
    "IllegalStateChangeError, or mix their work without a word.",
    fix="Give each task a session of its own from the factory, or run the queries in turn.",
    everywhere=True,
)
def find_shared_sessions(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call):
        name = last(dotted(call.func))
        if name == "gather" and source.qualified(call.func).startswith("asyncio"):
            used = [_sessions_in(source, project, argument) for argument in call.args]
            twice = {
                item
                for index, one in enumerate(used)
                for item in one
                for later in used[index + 1 :]
                if item in later
            }
            for argument, names in zip(call.args, used, strict=True):
                many = isinstance(argument, ast.Starred) and _is_repeated(argument)
                twice |= names if many else set()
            if twice:
                yield call, f"`{min(twice)}` is used by several of the gathered coroutines."
        elif name in SPAWNS and call.args and _in_loop(source, call):
            outside = _sessions_in(source, project, call.args[0]) - _made_in_loop(source, call)
            if outside:
                yield call, f"`{min(outside)}` is used by every task this loop starts."


def _sessions_in(source: Source, project: Project, node: ast.AST) -> set[str]:
    """The sessions an expression uses, through methods of `self` as well."""
    found: set[str] = set()
    for item in ast.walk(node):
        name = dotted(item)
        if name and project.sessions.kind(source, item) in ASYNC:
            found.add(name)
        if isinstance(item, ast.Call) and dotted(item.func).startswith("self."):
            found |= _used_by_method(source, project, item)
    return found


def _used_by_method(source: Source, project: Project, call: ast.Call) -> set[str]:
    owner = source.class_of(call)
    for function in owner.body if owner else ():
        if isinstance(function, ast.AsyncFunctionDef) and f"self.{function.name}" == dotted(
            call.func
        ):
            return {
                dotted(node)
                for node in source.inside(function)
                if isinstance(node, ast.Attribute)
                and dotted(node).startswith("self.")
                and project.sessions.kind(source, node) in ASYNC
            }
    return set()


def _is_repeated(argument: ast.Starred) -> bool:
    return isinstance(argument.value, ast.ListComp | ast.GeneratorExp)


def _in_loop(source: Source, node: ast.AST) -> ast.AST | None:
    for above in source.ancestors(node):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return None
        if isinstance(above, ast.For | ast.ListComp | ast.GeneratorExp):
            return above
    return None


def _made_in_loop(source: Source, node: ast.AST) -> set[str]:
    loop = _in_loop(source, node)
    return {dotted(name) for item in ast.walk(loop) for name in targets_of(item)} if loop else set()


@rule(
    "WB352",
    "a session kept for the whole process",
    why="All requests of the process then share one session: its transaction, its failures and "
    "every object it has seen.",
    fix="Keep the factory in the module; open a session per request or unit of work.",
)
def find_module_sessions(source: Source, project: Project) -> Iterator[Mark]:
    for node in source.tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
            scoped = last(dotted(node.value.func)) == "async_scoped_session"
            made = project.sessions.made(source, node.value)
            if made in ASYNC and not scoped and _opens(project, node.value):
                yield node, f"`{dotted(targets_of(node)[0])}` lives as long as the process."
    for call in _kept_globally(source, project):
        yield call, "This session is kept in the module and lives as long as the process."


def _kept_globally(source: Source, project: Project) -> Iterator[ast.Call]:
    """Sessions that a function puts into a list or name of the module."""
    names = {dotted(item) for node in source.tree.body for item in targets_of(node)}
    for call in source.every(ast.Call):
        if project.sessions.made(source, call) not in ASYNC or not _opens(project, call):
            continue
        above = source.parents[call]
        function = source.function_of(call)
        if isinstance(above, ast.Call) and dotted(above.func).removesuffix(".append") in names:
            yield call
        elif isinstance(above, ast.Assign) and function is not None:
            shared = {
                name
                for node in source.inside(function)
                if isinstance(node, ast.Global)
                for name in node.names
            }
            if shared & {dotted(target) for target in above.targets}:
                yield call


def _opens(project: Project, call: ast.Call) -> bool:
    name = last(dotted(call.func.func if isinstance(call.func, ast.Call) else call.func))
    # A factory takes no position: what is called with an engine makes a factory.
    return name == "AsyncSession" or (name in project.sessions.factories and not call.args)


@rule(
    "WB353",
    "a session that is never closed",
    why="Its connection goes back to the pool only when it is collected: under load the pool runs "
    "dry and requests wait for nothing.",
    fix="`async with factory() as session: yield session`.",
)
def find_unclosed_sessions(source: Source, project: Project) -> Iterator[Mark]:
    for function in source.every(ast.AsyncFunctionDef):
        nodes = source.inside(function)
        final = [node for node in nodes if isinstance(node, ast.Try) for node in node.finalbody]
        closed = {owner(call) for call in session_calls(source, project, within(*final))}
        entered = {dotted(node.context_expr) for node in nodes if isinstance(node, ast.withitem)}
        yielded = {dotted(node.value) for node in nodes if isinstance(node, ast.Yield)}
        for node in nodes:
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            made = project.sessions.made(source, node.value) in ASYNC
            name = dotted(node.targets[0])
            if not made or not _opens(project, node.value) or name in closed | entered:
                continue
            if name in yielded:
                yield node, f"`{name}` is opened and handed out, and not closed on every path."
            elif not is_generator(function) and _is_left_open(source, function, name):
                yield node, f"`{name}` is opened here, and nothing closes it."


def _is_left_open(source: Source, function: ast.AST, name: str) -> bool:
    """Whether a name is only asked for its methods, and `close` is none of them."""
    uses = [
        source.parents[node]
        for node in source.inside(function)
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    ]
    asked = {use.attr for use in uses if isinstance(use, ast.Attribute)}
    alone = all(isinstance(use, ast.Attribute) for use in uses)
    return bool(uses) and alone and not asked & {"close", "aclose", "begin", "__aenter__"}
