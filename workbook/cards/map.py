"""The map of the course: its lessons, what is earned, what is still to come."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from markupsafe import Markup
from rich.console import Console, ConsoleOptions, RenderResult

from workbook.cards.layout import WIDTH, Line, plain
from workbook.cards.paper import STYLE, template
from workbook.cards.terminal import styled
from workbook.course import Course

_BAR = 12


@dataclass(frozen=True)
class Stop:
    """One lesson on the map."""

    number: int
    slug: str
    title: str
    minutes: int
    core_minutes: int
    earned: int
    possible: int
    extension: bool

    @property
    def share(self) -> float:
        return self.earned / self.possible if self.possible else 0.0

    @property
    def time(self) -> str:
        core = f", core {self.core_minutes}" if self.core_minutes else ""
        return f"{self.minutes:>4} min{core}"

    @property
    def notebook(self) -> str:
        return f"{self.number:02}_{self.slug}.ipynb"


@dataclass(frozen=True)
class Map:
    """All lessons; shows itself in a terminal, in a notebook and as text."""

    title: str
    stops: tuple[Stop, ...]
    note: str = ""

    @classmethod
    def of(cls, course: Course, passed: Collection[str], partly: Collection[str] = ()) -> Map:
        """The map of a course for somebody who has passed these checks.

        `partly` are those that have not passed on every database a grade asks.
        """
        stops = tuple(
            Stop(
                lesson.number,
                lesson.slug,
                lesson.title,
                lesson.minutes,
                lesson.core_minutes,
                sum(check.points for check in lesson.checks if check.id in passed),
                lesson.points,
                lesson.extension,
            )
            for lesson in course.lessons
        )
        points = sum(check.points for check in course.checks if check.id in partly)
        note = f"{points} of these points were seen on one database alone; a grade asks both."
        return cls(course.title, stops, note if points else "")

    @property
    def sums(self) -> str:
        parts = []
        for extension, word in ((False, "points"), (True, "extension points")):
            stops = [stop for stop in self.stops if stop.extension is extension]
            if stops:
                earned, possible = (
                    sum(getattr(s, n) for s in stops) for n in ("earned", "possible")
                )
                parts.append(f"{earned} of {possible} {word}")
        return ", ".join(parts)

    def lines(self, width: int = WIDTH) -> Iterator[Line]:
        names = max((len(stop.slug) for stop in self.stops), default=0)
        times = max((len(stop.time) for stop in self.stops), default=0)
        yield [(self.title, "id"), (self.sums.rjust(min(width, WIDTH) - len(self.title)), "points")]
        for stop in self.stops:
            done = round(stop.share * _BAR)
            points = f"{stop.earned:>3} of {stop.possible:>2}"
            room = min(width, WIDTH) - names - _BAR - len(points) - 11 - times
            yield [
                (f"  {stop.number:02}  ", "aside"),
                (stop.slug.ljust(names + 2), "id"),
                (stop.title[:room].ljust(room), "title"),
                ("#" * done, "bar"),
                ("." * (_BAR - done), "rest"),
                (f"  {points}", "points"),
                (stop.time, "aside"),
            ]

        if self.note:
            for line in textwrap.wrap(self.note, min(width, WIDTH) - 2):
                yield [(f"  {line}", "aside")]

    def __str__(self) -> str:
        return "\n".join(plain(line) for line in self.lines())

    __repr__ = __str__

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from styled(self.lines(options.max_width))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self.html()}

    def html(self) -> str:
        return _PAGE.render(style=STYLE, look=_LOOK, map=self)


_LOOK = Markup("""<style>
.wb .wb-holds-map{container-type:inline-size}
.wb .wb-map{display:grid;
grid-template-columns:auto auto minmax(4rem,2fr) minmax(2.5rem,1fr) auto auto;
gap:.5rem .8rem;align-items:center;margin:.7rem 0 0!important;padding:0!important;list-style:none}
.wb .wb-map>li{display:contents}
.wb .wb-map .wb-far{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.wb .wb-track{height:.5rem;border-radius:99px;background:var(--line);overflow:hidden;display:block}
.wb .wb-track>span{display:block;height:100%;background:var(--ok)}
.wb .wb-map a{color:inherit;font-weight:600;text-decoration:underline;text-underline-offset:3px}
@container (max-width:36rem){.wb .wb-map{grid-template-columns:auto auto 1fr auto auto}
.wb .wb-map .wb-title{display:none}}
.wb .wb-top{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.2rem 1rem}
</style>""")

_PAGE = template("""\
{{ style }}{{ look }}<section class="wb" aria-label="{{ map.title }}: {{ map.sums }}">
<div class="wb-box wb-holds-map">
<div class="wb-top"><b>{{ map.title }}</b><span>{{ map.sums }}</span></div>
<ul class="wb-map">
{% for stop in map.stops %}
<li><span class="wb-soft">{{ "%02d"|format(stop.number) }}</span>
<a href="{{ stop.notebook }}">{{ stop.slug }}</a><span class="wb-title">{{ stop.title }}</span>
<span class="wb-track" role="img" aria-label="{{ stop.earned }} of {{ stop.possible }} points">\
<span style="width:{{ (stop.share * 100)|round|int }}%"></span></span>
<span class="wb-far">{{ stop.earned }} of {{ stop.possible }}\
{{ " extension" if stop.extension }}</span>
<span class="wb-far wb-soft">{{ stop.time }}</span></li>
{% endfor %}
</ul>{% if map.note %}<p class="wb-soft">{{ map.note }}</p>{% endif %}</div></section>""")
