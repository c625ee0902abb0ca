"""Pools that hand out dead connections, or take no sizes."""

from __future__ import annotations

from collections.abc import Iterator

from ..calls import POOLLESS, engine_calls, engine_url
from ..project import Project
from ..registry import Mark, rule
from ..sources import Source
from ..trees import dotted, is_constant, keyword, last, names_in, spreads

SIZES = ("pool_size", "max_overflow", "pool_timeout", "pool_use_lifo")
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
            spreads(call)
            or POOLLESS & names_in(call)
            or (asked is not None and not is_constant(asked, False))
        ):
            continue
        url = engine_url(source, call)
        if url.startswith("sqlite") or not project.mentions(*SERVERS):
            continue
        yield call, "This engine does not test a pooled connection before it hands it out."


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
