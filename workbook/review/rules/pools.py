"""Pools that hand out dead connections, or take no sizes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..calls import POOLLESS, engine_calls, engine_url
from ..project import Project
from ..queries import assigned
from ..registry import Mark, rule
from ..sources import Source
from ..trees import dotted, is_constant, keyword, last, names_in, spreads, targets_of, text_of

SIZES = ("pool_size", "max_overflow", "pool_timeout", "pool_use_lifo")
ASKED = {"pool", "dialect", "url", "driver", "name"}
SERVERS = ("postgres", "asyncpg", "mysql", "aiomysql", "psycopg", "mariadb")


@rule(
    "WB501",
    "an engine on a server without pool_pre_ping",
    why="After a restart, a failover or an idle timeout the pool hands out dead connections, and "
    "one request per connection fails before it notices.",
    fix="`create_async_engine(url, pool_pre_ping=True)`.",
)
def find_missing_pre_ping(source: Source, project: Project) -> Iterator[Mark]:
    if source.is_migration:
        return
    for call in engine_calls(source):
        asked = keyword(call, "pool_pre_ping")
        if (
            _may_ask(source, call)
            or POOLLESS & names_in(call)
            or (asked is not None and not is_constant(asked, False))
        ):
            continue
        url = engine_url(source, call)
        if _only_asked(source, call) or _is_short_lived(source, call):
            continue
        if url.startswith("sqlite") or not project.mentions(*SERVERS):
            continue
        yield call, "This engine does not test a pooled connection before it hands it out."


def _only_asked(source: Source, call: ast.Call) -> bool:
    """Whether an engine is only asked what it is, and never connects."""
    function = source.function_of(call)
    names = {dotted(target) for target in targets_of(source.parents[call])}
    uses = [
        node
        for node in (source.inside(function) if function else ())
        if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load)
    ]
    above = [source.parents[node] for node in uses]
    return bool(uses) and all(isinstance(n, ast.Attribute) and n.attr in ASKED for n in above)


def _is_short_lived(source: Source, call: ast.Call) -> bool:
    """Whether the function that makes an engine disposes of it: its connections are new."""
    function = source.function_of(call)
    return function is not None and "dispose" in names_in(function)


def _may_ask(source: Source, call: ast.Call) -> bool:
    """Whether options come from somewhere that can't be read here."""
    if not spreads(call):
        return False
    function = source.function_of(call)
    given = next((item.value for item in call.keywords if item.arg is None), None)
    if function is None or not isinstance(given, ast.Name):
        return True
    values = assigned(source, function, given.id)
    written = {text_of(node) for node in source.inside(function)}
    literal = all(isinstance(value, ast.Dict) and None not in value.keys for value in values)
    return not values or not literal or "pool_pre_ping" in written


@rule(
    "WB502",
    "pool sizes for a pool that takes none",
    why="In-memory SQLite has a StaticPool and NullPool keeps nothing: `pool_size` and its "
    "like raise TypeError when the engine is made.",
    fix="Pass the sizes only for file and server databases.",
    everywhere=True,
)
def find_sizes_without_a_pool(source: Source, project: Project) -> Iterator[Mark]:
    for call in engine_calls(source):
        sized = [name for name in SIZES if keyword(call, name) is not None]
        url = engine_url(source, call)
        memory = url.startswith("sqlite") and (":memory:" in url or url.endswith("://"))
        pooled = keyword(call, "poolclass")
        poolless = last(dotted(pooled)) in POOLLESS
        if sized and (poolless or (memory and pooled is None)):
            yield call, f"`{sized[0]}` is refused by the pool of this engine."
