"""What the verbs say in a notebook: a line, a hint, the code that was put in."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from IPython.display import display
from markupsafe import Markup

from workbook.cards.paper import STYLE, clean, highlight, template
from workbook.course import CourseError, UnknownId
from workbook.postgres import DatabaseUnavailable

Verb = TypeVar("Verb", bound=Callable[..., Any])


class Unclear(Exception):
    """A verb can't be answered as it stands; the message is the one line to show."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows where it has to be raised: the line, no traceback."""
        return [clean(str(self))]


SAID = (Unclear, UnknownId, CourseError, DatabaseUnavailable)

_NOTE = template("""{{ style }}<div class="wb"><p>{{ text }}</p></div>""")


@dataclass(frozen=True)
class Note:
    """One line to the student."""

    text: str

    def __repr__(self) -> str:
        return clean(self.text)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": _NOTE.render(style=STYLE, text=self.text)}


def show(shown: Any) -> None:
    """Shows something under the cell that runs."""
    display(shown)  # type: ignore[no-untyped-call]


def says(error: BaseException) -> Note:
    """The one line for an error that a student can mend."""
    text = str(error).strip() or type(error).__name__
    return Note(text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else "."))


def plainly(verb: Verb) -> Verb:
    """A verb that says what is unclear in one line, in place of a traceback."""

    @functools.wraps(verb)
    def spoken(*args: Any, **kwargs: Any) -> Any:
        try:
            return verb(*args, **kwargs)
        except SAID as error:
            return show(says(error))

    return spoken  # type: ignore[return-value]


_HINTS = template("""\
{{ style }}<section class="wb" aria-label="hints for {{ id }}"><div class="wb-box">
<p><b><code>{{ id }}</code></b> <span class="wb-soft">{{ title }}</span></p>
{% for place, text, is_code in hints %}
<p class="wb-soft" style="margin-top:.6rem">hint {{ place }} of 3, {{ names[place - 1] }}</p>
{% if is_code %}<pre class="wb-code">{{ marked(text) }}</pre>{% else %}<p>{{ text }}</p>{% endif %}
{% endfor %}
</div></section>""")
_NAMES = ("where to look", "which tool", "the shape of it")


@dataclass(frozen=True)
class Hints:
    """The hints of an exercise so far, the newest last."""

    id: str
    title: str
    hints: Sequence[str]

    def __repr__(self) -> str:
        lines = [f"{self.id}   {clean(self.title)}"]
        for place, text in enumerate(self.hints):
            lines.append(f"  hint {place + 1} of 3, {_NAMES[place]}")
            lines.append(textwrap.indent(clean(text).strip("\n"), "    "))
        return "\n".join(lines)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        hints = [
            (place, text.strip("\n"), "\n" in text.strip() or place == 3)
            for place, text in enumerate(self.hints, 1)
        ]
        page = _HINTS.render(
            style=STYLE, id=self.id, title=self.title, hints=hints, names=_NAMES, marked=_python
        )
        return {"text/plain": repr(self), "text/html": page}


def _python(text: str) -> Markup:
    return highlight(text, "python")
