"""Several ways to the same answer, drawn by how long each of them takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from workbook.cards.paper import STYLE, template
from workbook.seeing.page import LOOK

_WIDTH, _ROW = 500, 34

_PAGE = template("""\
{{ style }}{{ look }}<figure class="wb wb-timed"><div class="wb-box">
<figcaption>{{ title }}</figcaption>
<div class="wb-wide"><svg viewBox="0 0 900 {{ height }}" role="img" aria-label="{{ told }}">
<title>{{ title }}</title>
{% for y, name, width, ms in bars %}
<text x="290" y="{{ y + 20 }}" text-anchor="end" class="wb-name">{{ name }}</text>
<rect class="wb-bar" x="300" y="{{ y + 6 }}" width="{{ width }}" height="20" rx="2"/>
<text x="{{ 308 + width }}" y="{{ y + 21 }}" class="wb-name">{{ ms }}</text>
{% endfor %}
</svg></div>
</div></figure>""")


@dataclass(frozen=True)
class Durations:
    """Seconds by the name of the way; shows itself as text or as bars."""

    seconds: Mapping[str, float]

    title = "The quickest run of each, in milliseconds"

    def __getitem__(self, name: str) -> float:
        return self.seconds[name]

    def __str__(self) -> str:
        width = max(map(len, self.seconds))
        return "\n".join(f"{name:{width}}  {_ms(took):>9}" for name, took in self.seconds.items())

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        longest = max(self.seconds.values()) or 1e-9
        page = _PAGE.render(
            style=STYLE,
            look=LOOK,
            title=self.title,
            told=str(self),
            height=_ROW * len(self.seconds),
            bars=[
                (_ROW * place, name, round(max(took / longest * _WIDTH, 1), 1), _ms(took))
                for place, (name, took) in enumerate(self.seconds.items())
            ],
        )
        return {"text/plain": str(self), "text/html": page}


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 1 else f"{seconds * 1000:,.0f} ms"


async def measure(
    ways: Mapping[str, Callable[[], Awaitable[object]]], *, rounds: int = 5
) -> Durations:
    """Runs each way some times, in turn, and keeps the quickest run: the rest is noise."""
    if not ways:
        raise ValueError("measure takes the ways to time, by their names; found none")
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            began = perf_counter()
            await way()
            best[name] = min(best[name], perf_counter() - began)
    return Durations(best)
