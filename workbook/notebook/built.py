"""The code that `build` put into the notebook's package, with file and line."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workbook.cards.paper import STYLE, clean, highlight, template
from workbook.course import Exercise
from workbook.cutting.edits import find
from workbook.cutting.source import BlankError, docstring, parse


@dataclass(frozen=True)
class Piece:
    """One run of lines in one file."""

    file: str
    line: int
    code: str

    @property
    def language(self) -> str:
        ending = self.file.rpartition(".")[2]
        return {"py": "python", "ini": "ini", "md": "markdown"}.get(ending, "text")


def pieces(exercise: Exercise, texts: Mapping[str, str]) -> list[Piece]:
    """What an exercise put in, in the order of its cuts; nested ones are shown once."""
    found: list[Piece] = []
    for cut in exercise.cuts:
        text = texts.get(cut.file)
        if text is None:
            continue
        if cut.form == "whole":
            found.append(Piece(cut.file, 1, text.rstrip("\n")))
            continue
        try:
            statement = find(parse(text), cut)
        except (BlankError, SyntaxError):
            continue  # a later exercise still holds the place, or the student's file has none
        lines = parse(text).lines
        kept = [(at, lines[at]) for at in range(statement.start, statement.end)]
        node = statement.node
        told = docstring(node) if isinstance(node, _DEFINITIONS) else None
        if cut.form == "body" and told is not None:  # the exercise's own text is known by now
            kept = [(at, line) for at, line in kept if not told.lineno <= at + 1 <= _end(told)]
        code = textwrap.dedent("".join(line for _, line in kept)).strip("\n")
        if not any(each.file == cut.file and code in each.code for each in found):
            found.append(Piece(cut.file, node.lineno, code))
    return found


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


_PAGE = template("""\
{{ style }}<section class="wb" aria-label="{{ built.id }} put into the package">
<div class="wb-box"><div><b><code>{{ built.id }}</code></b> {{ built.title }}
<span class="wb-soft">· {{ built.whose }}</span></div>
{% if built.asks %}<details><summary>You have not checked an attempt of your own. \
Look at the answer?</summary>{% endif %}
{% for piece in built.pieces %}
<p class="wb-soft"><code>{{ piece.file }}:{{ piece.line }}</code></p>
<pre class="wb-code">{{ marked(piece) }}</pre>
{% endfor %}
{% if built.asks %}</details>{% endif %}
</div></section>""")


@dataclass(frozen=True)
class Built:
    """One exercise as it stands in the package now; `asks` folds the code away."""

    id: str
    title: str
    pieces: list[Piece]
    asks: bool
    is_own: bool

    @property
    def whose(self) -> str:
        return "your own answer" if self.is_own else "now in this notebook's package"

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.id}   {clean(self.title)} · {self.whose}"
        if self.asks:
            yield "  You have not checked an attempt of your own. Look at the answer?"
            yield f'  build("{self.id}", look=True)'
            return
        for piece in self.pieces:
            yield f"  {piece.file}:{piece.line}"
            yield textwrap.indent(clean(piece.code), "    ")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        def marked(piece: Piece) -> str:
            return highlight(piece.code, piece.language)

        page = _PAGE.render(style=STYLE, built=self, marked=marked)
        return {"text/plain": repr(self), "text/html": page}
