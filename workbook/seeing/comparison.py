"""Two ways to the same answer, drawn by the statements each of them sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from workbook.cards.paper import STYLE, highlight, template
from workbook.seeing.page import LOOK
from workbook.seeing.trace import Trace

_BLOCKS = 60

_PAGE = template("""\
{{ style }}{{ look }}<figure class="wb"><div class="wb-box">
<figcaption>{{ title }}</figcaption>
<div class="wb-wide"><svg viewBox="0 0 900 {{ height }}" role="img" aria-label="{{ told }}">
<title>{{ title }}</title>
{% for way in ways %}
<text x="0" y="{{ way.y + 24 }}" class="wb-name">{{ way.name }}</text>
<text x="250" y="{{ way.y + 27 }}" text-anchor="end" class="wb-count">{{ way.count }}</text>
{% for x, w, again in way.blocks %}
<rect class="wb-bar{{ ' wb-again' if again }}" x="{{ x }}" y="{{ way.y + 6 }}" width="{{ w }}" \
height="26" rx="2"/>
{% endfor %}
{% endfor %}
</svg></div>
<div class="wb-legend" aria-hidden="true"><span><i style="background:var(--calm)"></i>\
a statement</span><span><i style="background:var(--yet)"></i>the same statement again</span></div>
{% for way in ways %}
<p><b>{{ way.name }}</b></p>
<table class="wb-steps"><caption class="wb-unseen">{{ way.name }}</caption><tbody>
{% for times, sql in way.shapes %}<tr><td class="wb-num">{{ times }} ×</td>\
<td class="wb-sql"><code>{{ sql }}</code></td></tr>{% endfor %}
</tbody></table>{% endfor %}
</div></figure>""")


@dataclass(frozen=True)
class Comparison:
    """Traces next to each other; shows itself as text or as a picture."""

    traces: tuple[Trace, ...]

    def __str__(self) -> str:
        width = max(len(_name(self, trace)) for trace in self.traces)
        lines = []
        for trace in self.traces:
            count = len(trace.statements)
            lines.append(f"{_name(self, trace):{width}}  {_counted(count)}")
            lines += [f"{times:>6} × {sql}" for sql, times in trace.shapes.items()]
        return "\n".join(lines)

    __repr__ = __str__

    @property
    def title(self) -> str:
        counts = [_counted(len(trace.statements)) for trace in self.traces]
        return " against ".join([counts[0], *(count.split()[0] for count in counts[1:])])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        most = max((len(trace.statements) for trace in self.traces), default=1)
        step = min(636 / max(min(most, _BLOCKS), 1), 46)
        ways = [_Way(self, trace, at, step) for at, trace in enumerate(self.traces)]
        page = _PAGE.render(
            style=STYLE,
            look=LOOK,
            title=self.title,
            told=str(self),
            height=46 * len(ways),
            ways=ways,
        )
        return {"text/plain": str(self), "text/html": page}


class _Way:
    """One row of the picture."""

    def __init__(self, comparison: Comparison, trace: Trace, at: int, step: float) -> None:
        self.name, self.y, self.count = _name(comparison, trace), 46 * at, len(trace.statements)
        self.shapes = [
            (times, Markup(highlight(sql, "sql"))) for sql, times in trace.shapes.items()
        ]
        again = [repeat > 0 for count in trace.shapes.values() for repeat in range(count)]
        self.blocks = [
            (round(264 + step * place, 1), round(step - min(3, step / 4), 1), is_again)
            for place, is_again in enumerate(again[:_BLOCKS])
        ]


def _name(comparison: Comparison, trace: Trace) -> str:
    return trace.name or f"way {comparison.traces.index(trace) + 1}"


def _counted(count: int) -> str:
    return f"{count:,} statement{'s' * (count != 1)}"


def compare(*traces: Trace) -> Comparison:
    """What two or more traces sent, next to each other: the picture of an N+1."""
    if not traces:
        raise ValueError("compare takes the traces to set next to each other; found none")
    return Comparison(traces)
