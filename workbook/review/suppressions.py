"""Comments that take a finding back: on its line, or for its file."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field

from .registry import RULES, SYNTAX, UNKNOWN_SUPPRESSION
from .sources import Source

COMMENT = re.compile(r"#\s*review:\s*(ignore-file|ignore)\s*(?:\[([^\]]*)\])?")


@dataclass
class Suppressions:
    """The codes taken back per line and for the whole file; `*` is every code."""

    lines: dict[int, set[str]] = field(default_factory=dict)
    file: set[str] = field(default_factory=set)
    unknown: list[tuple[int, int, str]] = field(default_factory=list)

    def cover(self, code: str, first: int, last: int) -> bool:
        """Whether a finding whose node spans these lines is taken back."""
        codes = set(self.file)
        for line in {first, last}:
            codes |= self.lines.get(line, set())
        return bool(codes & {code, "*"})


def suppressions_in(source: Source) -> Suppressions:
    """Read `# review: ignore[WB101] reason` and `# review: ignore-file[...]`."""
    found = Suppressions()
    if "review:" not in source.text:
        return found
    for token in _comments(source.text):
        match = COMMENT.search(token.string)
        if match is None:
            continue
        listed = match.group(2)
        codes = {code.strip().upper() for code in listed.split(",")} if listed else {"*"}
        for code in sorted(codes - set(RULES) - {"*", "", SYNTAX, UNKNOWN_SUPPRESSION}):
            found.unknown.append((token.start[0], token.start[1] + 1, code))
        if match.group(1) == "ignore-file":
            found.file |= codes
        else:
            found.lines.setdefault(token.start[0], set()).update(codes)
    return found


def _comments(text: str) -> Iterator[tokenize.TokenInfo]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token
