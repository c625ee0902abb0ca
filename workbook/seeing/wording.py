"""SQL and its parameters, shortened so that a person reads them at a glance."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

_MOST, _KEPT = 4, 2
_TOKEN = re.compile(r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | [(),] | \s+ | [^\s(),'"]+""", re.VERBOSE)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?.*")


def short(sql: str) -> str:
    """One line of SQL in which a long list shows its first items and a count."""
    tokens = [each[0] for each in _TOKEN.finditer(sql)]
    text, end = _list(tokens, 0)
    text += "".join(tokens[end:])  # after a parenthesis too many, as it stands
    return re.sub(r"\s+", " ", text).replace("( ", "(").replace(" )", ")").strip()


def shape(sql: str) -> str:
    """What two statements share that differ in the length of their lists alone."""
    return re.sub(r"\((?:(?:\?|\$\d+(?:::\w+)?|:\w+)(?:, )?)+(?:… \d+ more)?\)", "(…)", short(sql))


def _list(tokens: list[str], start: int) -> tuple[str, int]:
    """The text from `start` to the parenthesis that closes it, and where that is."""
    items, at, head = [""], start, ""
    while at < len(tokens) and tokens[at] != ")":
        token, word = tokens[at], tokens[at].upper()
        if token == "(":
            inner, at = _list(tokens, at + 1)
            items[-1] += f"({inner})"
        elif token == ",":
            items.append("")
        elif word == "SELECT" or (items[0].strip() and word in _heads(head + items[0])):
            head += _joined(items) + (" " if items[-1].strip() else "") + token
            items = [""]
        else:
            items[-1] += token
        at += 1
    return head + _joined(items), at


def _heads(so_far: str) -> set[str]:
    """The words that begin a new list; SET does so in an UPDATE, not in ON DELETE SET NULL."""
    is_update = so_far.lstrip()[:6].upper() == "UPDATE"
    return {"FROM", "WHERE", "RETURNING", "SET"} if is_update else {"FROM", "WHERE", "RETURNING"}


def _joined(items: list[str]) -> str:
    if len(items) <= _MOST:
        return ",".join(items)
    return f"{','.join(items[:_KEPT])}, … {len(items) - _KEPT} more"


def values(parameters: Any, *, many: bool, times: bool) -> str:
    """The parameters of a statement in a few words; "" when there are none.

    Without `times`, moments become the word <time>, so that two runs read the same.
    """
    # Some drivers take the sets of one executemany() one at a time, as plain tuples.
    if many and len(parameters) > 0 and isinstance(parameters, list):
        first = values(parameters[0], many=False, times=times)
        return f"{len(parameters):,} sets, the first: {first}" if len(parameters) > 1 else first
    if isinstance(parameters, Mapping):
        shown = [f"{key}={_value(value, times)}" for key, value in parameters.items()]
    elif isinstance(parameters, Sequence):
        shown = [_value(value, times) for value in parameters]
    else:
        shown = []
    more = f", … {len(shown) - 8} more" if len(shown) > 8 else ""
    return ", ".join(shown[:8]) + more


def _value(value: Any, times: bool) -> str:
    is_time = isinstance(value, (datetime, date, time))
    is_time = is_time or (isinstance(value, str) and bool(_TIME.fullmatch(value)))
    if is_time and not times:
        return "<time>"
    text = str(value) if is_time else repr(value)
    return text if len(text) <= 40 else f"{text[:36]}…{text[-1]}"
