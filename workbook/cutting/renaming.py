"""Files beside the package import it by name: one name becomes another."""

from __future__ import annotations

import io
import re
import tokenize


def renamed(file: str, text: str, old: str, new: str) -> str:
    """The text with the import package `old` called `new`; prose stays.

    In Python that is the name itself and a dotted path in quotes; elsewhere, as
    in a configuration or a template, a dotted path or an import.
    """
    if old == new or old not in text:
        return text
    name = re.escape(old)
    if not file.endswith(".py"):
        dotted = rf"(?<![\w./-]){name}(?=\.[A-Za-z_])"
        imported = rf"(?<=\bfrom ){name}(?= import\b)|(?<=^import ){name}\b"
        return re.sub(f"{dotted}|{imported}", new, text, flags=re.MULTILINE)
    quoted = re.compile(rf"(?P<quote>[\"']){name}(?P<rest>(\.\w+)*(:\w+)?(?P=quote))")
    lines = io.StringIO(text).readlines()
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(text).readline))):
        if token.type == tokenize.NAME and token.string == old:
            replaced = new
        elif token.type == tokenize.STRING and quoted.fullmatch(token.string):
            replaced = quoted.sub(rf"\g<quote>{new}\g<rest>", token.string)
        else:
            continue
        row, column = token.start
        line = lines[row - 1]
        if line[:column].endswith("."):  # an attribute of that name is something else
            continue
        lines[row - 1] = line[:column] + replaced + line[token.end[1] :]
    return "".join(lines)
