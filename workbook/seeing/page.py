"""Traces as HTML for a notebook: the time line, and a table under it."""

from __future__ import annotations

from markupsafe import Markup

from workbook.cards.paper import STYLE, highlight, template
from workbook.seeing.timeline import draw
from workbook.seeing.trace import Step, Trace

LOOK = Markup("""<style>
.wb .wb-wide{overflow-x:auto}
.wb svg{display:block;width:100%;min-width:32rem;height:auto}
.wb svg text{fill:var(--ink);font:12px var(--jp-ui-font-family,system-ui,sans-serif)}
.wb svg .wb-small{fill:var(--soft);font-size:11px}
.wb svg .wb-in{fill:var(--jp-layout-color1,#fff);font-weight:600;font-size:11px;
pointer-events:none}
.wb svg .wb-tick{stroke:var(--line);stroke-dasharray:2 4}
.wb svg .wb-held{fill:var(--soft);opacity:.35}
.wb svg .wb-unit{fill:color-mix(in srgb,var(--calm) 13%,transparent);stroke:var(--calm)}
.wb svg .wb-undone{fill:var(--shade);stroke:var(--soft);stroke-dasharray:5 3}
.wb svg .wb-open{stroke-dasharray:1 3}
.wb svg .wb-bar{fill:var(--calm)}
.wb svg .wb-bad{fill:var(--stop)}
.wb svg .wb-again{fill:var(--yet)}
.wb svg .wb-uses{fill:var(--calm)}
.wb svg .wb-waits{fill:var(--yet);opacity:.45}
.wb svg .wb-count{font-size:20px;font-weight:600}
.wb svg .wb-name{font-size:13px}
.wb .wb-pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr));
gap:.2rem 1.6rem}
.wb .wb-pair>section{min-width:0}
.wb .wb-head{font-weight:600;margin:0 0 .2rem;padding-bottom:.15rem;
border-bottom:1px solid var(--line)}
.wb .wb-legend{display:flex;flex-wrap:wrap;gap:.2rem 1.3rem;margin:.3rem 0 .5rem;font-size:12px;
color:var(--soft)}
.wb .wb-legend i{display:inline-block;width:1.1rem;height:.7rem;border-radius:2px;
margin-right:.4rem;vertical-align:-1px}
.wb table.wb-steps{border-collapse:collapse;width:100%;margin:0;font-size:13px;table-layout:auto;
border:0}
.wb .wb-steps tr{background:none!important}
.wb .wb-steps th,.wb .wb-steps td{text-align:left;vertical-align:top;padding:.18rem .6rem;
border:0;background:none;white-space:normal;max-width:none;color:inherit}
.wb .wb-steps summary{color:inherit}
.wb .wb-steps thead th{color:var(--soft);font-weight:400;font-size:12px;
border-bottom:1px solid var(--line)}
.wb .wb-steps .wb-num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.wb .wb-steps .wb-sql{width:100%;overflow-wrap:anywhere}
.wb .wb-steps .wb-mark td{color:var(--soft);font-size:12px}
.wb .wb-steps td.wb-inside{border-left:2px solid var(--calm);padding-left:.9rem}
.wb .wb-steps .wb-given{color:var(--soft);font-size:12px;overflow-wrap:anywhere}
.wb .wb-steps .wb-refused{font-weight:600}
.wb .wb-steps details pre{max-height:14rem}
</style>""")

_TABLE = template("""\
<table class="wb-steps"><caption class="wb-unseen">{{ trace.summary }}</caption>
<thead><tr><th scope="col" class="wb-num">#</th>
{% if several %}<th scope="col">connection</th>{% endif %}
<th scope="col">what was sent</th><th scope="col" class="wb-num">rows</th>
<th scope="col" class="wb-num">ms</th></tr></thead><tbody>
{% for row in rows %}
<tr{% if not row.step.number %} class="wb-mark"{% endif %}>
<td class="wb-num">{{ row.step.number or "" }}</td>
{% if several %}<td>{{ row.lane }}</td>{% endif %}
<td class="wb-sql{{ ' wb-inside' if row.inside }}">
{% if row.word %}{{ row.word }}{% elif row.folded %}
<details><summary><code>{{ row.marked }}</code></summary><pre>{{ row.step.sql.strip() }}</pre>\
</details>{% else %}<code>{{ row.marked }}</code>{% endif %}
{% if row.given %}<div class="wb-given">with {{ row.given }}</div>{% endif %}
{% if row.error %}<div class="wb-refused">refused: {{ row.error }}</div>{% endif %}
{% if row.more %}<div class="wb-given">… {{ row.more }} more like it</div>{% endif %}
</td>
<td class="wb-num">{{ row.step.rows if row.step.rows is not none else "" }}</td>
<td class="wb-num">{{ "%.1f"|format(row.step.lasted * 1000) if row.step.number else "" }}</td></tr>
{% endfor %}
</tbody></table>""")

_PAGE = template("""\
{{ style }}{{ look }}<figure class="wb wb-timed"><div class="wb-box">
<figcaption>{% if trace.name %}<b>{{ trace.name }}</b> · {% endif %}{{ trace.summary }}
<span class="wb-soft">· {{ "%.1f"|format(trace.lasted * 1000) }} ms</span></figcaption>
{% if trace.steps %}
<div class="wb-wide">{{ drawing }}</div>
<div class="wb-legend" aria-hidden="true">
{% for colour, word in legend %}<span><i style="{{ colour }}"></i>{{ word }}</span>{% endfor %}
</div>
{{ table }}
{% endif %}
</div></figure>""")

_LEGEND = (
    ("statement", "background:var(--calm)", "a statement"),
    ("kept", "border:1px solid var(--calm)", "transaction, committed"),
    ("undone", "border:1px dashed var(--soft)", "transaction, rolled back"),
    (
        "check-out",
        "background:var(--soft);opacity:.35;height:4px;vertical-align:3px",
        "checked out",
    ),
    ("refused", "background:var(--stop)", "refused"),
)


class _Row:
    """One line of the table."""

    def __init__(self, trace: Trace, step: Step, more: int, inside: bool) -> None:
        self.step, self.more, self.inside, self.error = step, more, inside, step.error
        self.lane = trace.lane(step.connection).removeprefix("connection ")
        self.given = step.values(times=True)
        words = {"check-out": "checked out", "check-in": "returned to the pool"}
        self.word = words.get(step.kind) or ("" if step.sql else step.text)
        self.marked = Markup() if self.word else highlight(step.text, "sql")
        self.folded = "…" in step.text


def table(trace: Trace) -> Markup:
    """The steps of a trace as a table; long statements unfold."""
    rows: list[_Row] = []
    inside: set[int] = set()
    for step, more in trace.rows:
        if step.kind in {"commit", "rollback", "check-in"}:
            inside.discard(step.connection)
        row = _Row(trace, step, more, step.connection in inside)
        if row.word and rows and rows[-1].word and rows[-1].step.connection == step.connection:
            rows[-1].word += f", {row.word}"
            rows[-1].error = rows[-1].error or row.error
        else:
            rows.append(row)
        if step.kind == "begin":
            inside.add(step.connection)
    several = len(trace.connections) > 1
    return Markup(_TABLE.render(trace=trace, rows=rows, several=several))


def trace_page(trace: Trace) -> str:
    """A whole trace: what happened in words, the time line, the table."""
    present: set[str] = {step.kind for step in trace.steps}
    present |= {"refused"} if any(step.error for step in trace.steps) else set()
    present |= {"kept"} if "commit" in present else set()
    present |= {"undone"} if "rollback" in present else set()
    return _PAGE.render(
        style=STYLE,
        look=LOOK,
        trace=trace,
        drawing=draw(trace) if trace.steps else "",
        table=table(trace),
        legend=[(colour, word) for key, colour, word in _LEGEND if key in present],
    )
