"""Text without what changes from run to run: folders, names of databases, places in memory."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from workbook.databases import Database

from .outcome import Outcome

_PLACE_IN_MEMORY = re.compile(r"\b0x[0-9a-f]{6,16}\b", re.IGNORECASE)


def steady(outcome: Outcome, root: Path, databases: Iterable[Database]) -> Outcome:
    """The outcome in words that are the same again when the same submission is judged again."""
    names = {f"{root}/": "", str(root): "."}
    for database in databases:
        names |= _names(database)
    longest_first = sorted(names, key=len, reverse=True)
    varying = re.compile("|".join(map(re.escape, longest_first)))

    def say(text: str) -> str:
        text = varying.sub(lambda found: names[found[0]], text)
        return _PLACE_IN_MEMORY.sub("0x…", text)

    return replace(
        outcome,
        story=say(outcome.story),
        where=say(outcome.where),
        sql=[say(sql) for sql in outcome.sql],
        printed=say(outcome.printed),
    )


def _names(database: Database) -> dict[str, str]:
    url: Any = make_url(database.url)
    host = url.query.get("host")
    found = {
        database.url: "DATABASE_URL",
        url.render_as_string(): "DATABASE_URL",
        url.password: "***",
        str(host) if host else None: "the server",
        url.database: "database",
        database.name: "database",
    }
    return {varying: word for varying, word in found.items() if varying}
