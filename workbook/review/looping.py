"""Loops over data: those whose length nobody knows beforehand."""

from __future__ import annotations

import ast
import re

from .sources import Source
from .trees import dotted, last, names_in

CHUNKS = re.compile(
    r"chunk|batch|page|attempt|retry|poll|backfill|part|slice|window|shard", re.IGNORECASE
)
BOUNDED = {"range", "batched", "enumerate", "count", "islice"}


def loop_around(source: Source, node: ast.AST) -> ast.For | ast.comprehension | None:
    """The nearest loop over data around a node, in the same function."""
    below = node
    for above in source.ancestors(node):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.While):
            return None
        if isinstance(above, ast.comprehension) and below is above.iter:
            return None
        if isinstance(above, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            return above.generators[0] if _over_data(above.generators[0]) else None
        if isinstance(above, ast.For) and below is not above.iter:
            return above if _over_data(above) else None
        below = above
    return None


def _over_data(loop: ast.For | ast.comprehension) -> bool:
    if isinstance(loop.iter, ast.Tuple | ast.List | ast.Set | ast.Dict | ast.Constant):
        return False
    called = last(dotted(loop.iter.func)) if isinstance(loop.iter, ast.Call) else ""
    constant = dotted(loop.iter).isupper()
    return not constant and called not in BOUNDED and not is_chunked(loop)


def is_chunked(loop: ast.For | ast.comprehension) -> bool:
    """Whether a loop's names speak of chunks, pages or attempts."""
    return any(map(CHUNKS.search, names_in(loop.iter) | names_in(loop.target)))
