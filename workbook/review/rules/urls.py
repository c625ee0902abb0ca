"""Database URLs: their drivers, their spelling, their passwords."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..calls import engine_calls, engine_url, method, receiver
from ..project import Project
from ..queries import assigned
from ..registry import Mark, rule
from ..sources import Source
from ..trees import dotted, keyword, last, names_in, text_of

PREFIX = re.compile(r"(postgres(ql)?|sqlite|mysql)(\+\w+)?:|\+(asyncpg|psycopg2?|aiosqlite)")
PASSWORD = re.compile(r"pass(word|wd)?$|pwd$|secret$", re.I)
SERVER = re.compile(r"(postgres|mysql|mariadb|asyncpg)\w*(\+\w+)?://|^://", re.I)
RENDERS = "render_as_string"
SCHEME = re.compile(r"(postgres(ql)?|sqlite|mysql)(\+\w+)?$")


@rule(
    "WB506",
    "an async engine on a driver that is not async",
    why="`create_async_engine` refuses it: InvalidRequestError, 'requires an async driver'.",
    fix="Name the async driver in the URL: `postgresql+asyncpg://`, `sqlite+aiosqlite://`.",
    everywhere=True,
)
def find_sync_drivers(source: Source, project: Project) -> Iterator[Mark]:
    for call in engine_calls(source):
        scheme = engine_url(source, call).partition("://")[0]
        if scheme in ("sqlite", "postgresql+psycopg2", "postgres", "mysql", "mysql+pymysql"):
            given = call.args[0] if call.args else None
            if isinstance(given, ast.Constant | ast.Name | ast.JoinedStr):
                yield call, f"`{scheme}://` names no async driver."
    for call in source.every(ast.Call):
        function = source.function_of(call)
        promised = last(dotted(function.returns)) if function else ""
        made = source.qualified(call.func).startswith("sqlalchemy.create_engine")
        if made and promised == "AsyncEngine":
            yield call, "The function promises an AsyncEngine, and this is a synchronous one."


@rule(
    "WB508",
    "a database URL changed by str.replace",
    why="It also changes a password that holds the text, doubles a driver that is already there, "
    "and leaves `sslmode` for a driver that refuses it.",
    fix="`make_url(url).set(drivername='postgresql+asyncpg')`.",
)
def find_replaced_urls(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call):
        if method(call) == "replace" and len(call.args) > 1:
            old, new = text_of(call.args[0]), text_of(call.args[1])
            if PREFIX.match(old) or (SCHEME.match(old) and "+" in new):
                yield call, f"`.replace({old!r}, ...)` works on the letters of a URL."
            elif _is_rendered(source, call):
                yield call, "This works on the letters of a URL; a password may hold them too."


def _is_rendered(source: Source, call: ast.Call) -> bool:
    """Whether `replace` is called on a URL written out a line before."""
    function = source.function_of(call)
    found = [receiver(call)]
    if isinstance(found[0], ast.Name) and function is not None:
        found = list(assigned(source, function, found[0].id))
    return any(isinstance(item, ast.Call) and method(item) == RENDERS for item in found)


@rule(
    "WB509",
    "a database URL put together from parts",
    why="A password with `@`, `/` or `%` in it ends up in another part of the URL: the engine "
    "connects to the wrong host, and says the password in its error.",
    fix="`URL.create(drivername, username=..., password=..., host=..., database=...)`.",
)
def find_assembled_urls(source: Source, project: Project) -> Iterator[Mark]:
    for node in source.every(ast.JoinedStr):
        texts = "".join(text_of(part) for part in node.values)
        held = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        secret = [item for item in held if PASSWORD.search(last(dotted(item)))]
        aims = SERVER.search(texts) or ("://" not in texts and "make_url" in source.imports)
        if secret and "@" in texts and aims and not _is_quoted(source, secret[0]):
            yield node, f"`{dotted(secret[0])}` is written into a URL as it is."


def _is_quoted(source: Source, node: ast.expr) -> bool:
    """Whether a name holds what `quote` or `quote_plus` made of the password."""
    function = source.function_of(node)
    scope = function or source.tree
    values = source.assigned(scope).get(dotted(node), [])
    return any("quote" in name for value in values for name in names_in(value))


@rule(
    "WB510",
    "a URL turned into text without its password",
    why="`str(url)` writes `***` for the password, and the next engine tries to log in with that.",
    fix="Hand the URL object on; `render_as_string(hide_password=False)` where text is needed.",
)
def find_masked_urls(source: Source, project: Project) -> Iterator[Mark]:
    for call in source.every(ast.Call):
        made = call.args[0] if dotted(call.func) == "str" and len(call.args) == 1 else None
        if isinstance(made, ast.Call) and (_sets_driver(made) or _makes_url(source, made)):
            yield call, "The password is `***` from here on."


def _sets_driver(call: ast.Call) -> bool:
    return method(call) == "set" and keyword(call, "drivername") is not None


def _makes_url(source: Source, call: ast.Call) -> bool:
    name = source.qualified(call.func)
    return name.startswith("sqlalchemy") and name.endswith(("make_url", "URL.create"))
