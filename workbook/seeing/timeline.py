"""A trace as a drawing: a lane for each connection, time from left to right."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from workbook.cards.paper import template
from workbook.seeing.trace import Step, Trace

_WIDTH, _LEFT, _RIGHT, _TOP, _LANE = 900, 132, 12, 8, 46
_MOST_LANES = 16
_NICE = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000)

_DRAWING = template("""\
<svg class="wb-line" viewBox="0 0 {{ width }} {{ height }}" role="img" aria-label="{{ told }}">
<title>{{ summary }} on a time line</title>
{% for x, label in ticks %}
<line class="wb-tick" x1="{{ x }}" x2="{{ x }}" y1="{{ top }}" y2="{{ height - 22 }}"/>
<text class="wb-small" x="{{ x }}" y="{{ height - 7 }}" text-anchor="middle">{{ label }}</text>
{% endfor %}
{% for lane in lanes %}
<text class="wb-name" x="0" y="{{ lane.y + 26 }}">{{ lane.name }}</text>
{% for x, w in lane.held %}
<rect class="wb-held" x="{{ x }}" y="{{ lane.y + 20 }}" width="{{ w }}" height="4" rx="2"/>
{% endfor %}
{% for x, w, how in lane.transactions %}
<rect class="wb-unit wb-{{ how }}" x="{{ x }}" y="{{ lane.y + 3 }}" width="{{ w }}" height="38" \
rx="5"/>
{% endfor %}
{% for bar in lane.bars %}
<rect class="wb-bar{{ ' wb-bad' if bar.bad }}" x="{{ bar.x }}" y="{{ lane.y + 11 }}" \
width="{{ bar.w }}" height="22" rx="2"/>
{% if bar.label %}
<text class="wb-in" x="{{ bar.x + bar.w / 2 }}" y="{{ lane.y + 26 }}" text-anchor="middle">\
{{ bar.label }}</text>
{% endif %}
{% endfor %}
{% endfor %}
</svg>""")


@dataclass
class _Bar:
    x: float
    w: float
    bad: bool
    label: str = ""


class _Lane:
    """What happened on one connection, in places instead of times."""

    def __init__(self, trace: Trace, number: int, y: int, scale: float, start: float) -> None:
        self.name, self.y = trace.lane(number), y
        self.held: list[tuple[float, float]] = []
        self.transactions: list[tuple[float, float, str]] = []
        self.bars: list[_Bar] = []
        steps = [step for step in trace.steps if step.connection == number]
        end = _WIDTH - _RIGHT
        out: float | None = None
        began: float | None = None
        for step in steps:
            x = max(round(_LEFT + (step.at - start) * scale, 1), self._drawn)
            if step.kind == "check-out":
                out = x
            elif step.kind == "begin":
                began = x
            elif step.kind == "check-in" and out is not None:
                self.held.append((out, round(x - out, 1)))
                out = None
            elif step.kind in {"commit", "rollback"}:
                if began is not None:
                    how = "undone" if step.kind == "rollback" or step.error else "kept"
                    self.transactions.append((began, round(max(x - began, 8), 1), how))
                began = None
            elif step.kind == "statement":
                self._draw(step, x, scale)
        if out is not None:
            self.held.append((out, round(max(end - out, 2), 1)))
        if began is not None:
            self.transactions.append((began, round(max(end - began, 8), 1), "open"))

    @property
    def _drawn(self) -> float:
        """Where the last bar ends: a bar has a least width, so what follows may move over."""
        return round(self.bars[-1].x + self.bars[-1].w + 1, 1) if self.bars else 0.0

    def _draw(self, step: Step, x: float, scale: float) -> None:
        width = round(max(step.lasted * scale, 3), 1)
        label = str(step.number) if width > 8 + 7 * len(str(step.number)) else ""
        self.bars.append(_Bar(x, width, bool(step.error), label))


def draw(trace: Trace) -> Markup:
    """The time line as SVG, from the first step on; from the 17th connection see the table."""
    start = trace.steps[0].at
    lasted = max(max(step.at + step.lasted for step in trace.steps) - start, 1e-4)
    scale = (_WIDTH - _LEFT - _RIGHT) / lasted
    shown = trace.connections[:_MOST_LANES]
    lanes = [_Lane(trace, n, _TOP + _LANE * at, scale, start) for at, n in enumerate(shown)]
    apart = next((n for n in _NICE if lasted * 1000 / n <= 8), 120_000)
    ticks = [
        (round(_LEFT + ms / 1000 * scale, 1), f"{ms} ms")
        for ms in range(0, int(lasted * 1000) + 1, apart)
        if _WIDTH - _LEFT - ms / 1000 * scale > 20
    ]
    drawing = _DRAWING.render(
        width=_WIDTH,
        height=_TOP + _LANE * len(lanes) + 26,
        top=_TOP,
        summary=trace.summary,
        told=str(trace),
        ticks=ticks,
        lanes=lanes,
    )
    return Markup(drawing)
