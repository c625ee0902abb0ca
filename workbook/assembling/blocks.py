"""The code blocks of a Markdown text, each with the file that it says it is.

Nobody writes that in one way, so all common ones count: behind the fence
(`python title="app/database.py"`), in the first line of the code (`# app/database.py`), in the
line above (`**app/database.py**`), in the heading above that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token

PATH = re.compile(r"(?<![\w/.-])(?:\.?/)?((?:[\w.-]+/)*[\w-][\w.-]*\.(?:py|ini|mako|md|toml))\b")
FIRST_LINE = re.compile(r"\s*(?:#+|;|//|<!--|[\"']{3})\s*(?:file ?name|file|path)?\s*:?\s*`?", re.I)
CODE = {"", "py", "python", "python3", "ini", "cfg", "conf", "toml", "mako"}
"""Languages of a project's files; commands and output to look at are none."""


@dataclass(frozen=True)
class Block:
    """One code block; `path` is as it was written, empty where nothing says it."""

    path: str
    text: str
    line: int


@dataclass(frozen=True)
class Answer:
    """The blocks in order, and what the front matter says."""

    blocks: list[Block]
    front: dict[str, str] = field(default_factory=dict)


def parse(text: str) -> Answer:
    """The code blocks of a Markdown text; lines count from one."""
    from markdown_it import MarkdownIt  # late: judges and most commands never read Markdown

    front, body, above = _split(text)
    blocks: list[Block] = []
    title = said = ""
    before = None
    for token in MarkdownIt("commonmark").parse(body):
        if token.type == "inline":
            path = _named(token.content)
            if before is not None and before.type == "heading_open":
                title, said = path, ""
            else:
                said = path
        elif token.type == "fence":
            path = _own(token) or (_is_code(token) and (said or title)) or ""
            if path or _is_code(token):
                blocks.append(Block(path, token.content, above + (token.map or [0])[0] + 1))
            title = said = ""
        before = token
    return Answer(blocks, front)


def _is_code(token: Token) -> bool:
    return re.split(r"[\s:{]", token.info.strip().lower(), maxsplit=1)[0] in CODE


def _own(token: Token) -> str:
    """The file that a block itself names, behind its fence or in its first line."""
    if found := PATH.search(token.info.replace(":", " ")):
        return found[1]
    first = token.content.lstrip("\n").partition("\n")[0]
    if (label := FIRST_LINE.match(first)) and (found := PATH.match(first, label.end())):
        return found[1]
    return ""


def _named(text: str) -> str:
    """The one file that the last line of some text names; of two, none can be meant."""
    found = set(PATH.findall(text.rpartition("\n")[2]))
    return found.pop() if len(found) == 1 else ""


def _split(text: str) -> tuple[dict[str, str], str, int]:
    """Front matter, the rest, and how many lines came before it."""
    found = re.match(r"---\r?\n(.*?\r?\n)---\r?\n", text, re.S)
    if found is None:
        return {}, text, 0
    import yaml

    try:
        front = yaml.safe_load(found[1])
    except yaml.YAMLError:
        front = None
    front = front if isinstance(front, dict) else {}
    kept = {str(name): value for name, value in front.items() if isinstance(value, str)}
    return kept, text[found.end() :], found[0].count("\n")
