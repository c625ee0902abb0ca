"""The cards as HTML for notebooks and reports, in either theme and without a script."""

from __future__ import annotations

from markupsafe import Markup

from workbook.cards.paper import STYLE, highlight, template
from workbook.cards.result import Cards

_COLOURS = {
    "ok": "ok",
    "not yet": "yet",
    "timed out": "stop",
    "out of memory": "stop",
    "crashed": "stop",
    "refused": "stop",
    "ours": "ours",
}

LOOK = Markup("""<style>
.wb .wb-box.wb-card{padding:0;margin:.45rem 0;overflow:hidden}
.wb .wb-card>header{display:flex;flex-wrap:wrap;gap:.1rem 1rem;align-items:baseline;
padding:.6rem 1rem;border-bottom:1px solid var(--line);background:var(--shade)}
.wb .wb-card>header b{font-family:var(--jp-code-font-family,monospace);font-size:13px}
.wb .wb-card>header .wb-points{margin-left:auto;font-weight:600;white-space:nowrap}
.wb.wb .wb-card>ul{list-style:none;margin:0!important;padding:.35rem 1rem .5rem!important}
.wb .wb-card>ul>li{display:grid;grid-template-columns:6.6rem 1fr;gap:0 .8rem;padding:.3rem 0;
margin:0}
.wb .wb-what{min-width:0}
.wb .wb-verdict{justify-self:start;align-self:start;font-size:12px;line-height:1.6;padding:0 .55rem;
border-radius:99px;background:var(--shade);white-space:nowrap}
.wb .wb-is-ok{background:color-mix(in srgb,var(--ok) 26%,transparent)}
.wb .wb-is-yet{background:color-mix(in srgb,var(--yet) 28%,transparent);font-weight:600}
.wb .wb-is-stop{background:color-mix(in srgb,var(--stop) 26%,transparent);font-weight:600}
.wb .wb-is-ours{background:color-mix(in srgb,var(--calm) 26%,transparent)}
.wb .wb-story{margin:.2rem 0 .1rem;white-space:pre-wrap;overflow-wrap:anywhere}
.wb .wb-where{font:12px var(--jp-code-font-family,monospace);color:var(--soft);text-align:right;
overflow-wrap:anywhere}
.wb .wb-card>footer{display:grid;grid-template-columns:6.6rem 1fr;gap:0 .8rem;
padding:.45rem 1rem;border-top:1px solid var(--line);font-size:13px}
.wb .wb-card>footer span{color:var(--soft)}
.wb .wb-sums{font-weight:600}
</style>""")

_PAGE = template("""\
{{ style }}{{ look }}<div class="wb">
{% for card in cards.cards %}
<section class="wb-box wb-card" aria-label="{{ card.id }}: {{ card.points }}">
<header><b>{{ card.id }}</b><span>{{ card.title }}</span>\
<span class="wb-points">{{ card.points }}</span></header>
<ul>
{% for row in card.rows %}
<li><span class="wb-verdict wb-is-{{ colours.get(row.verdict, 'still') }}">{{ row.verdict }}</span>
<div class="wb-what"><span>{{ row.line }}</span>
{% if row.aside %} <span class="wb-soft">{{ row.aside }}</span>{% endif %}
{% if row.story %}<div class="wb-story">{{ row.story }}</div>{% endif %}
{% if row.where %}<div class="wb-where">{{ row.where }}</div>{% endif %}
{% if row.sql %}<details><summary>the SQL that ran \
({{ row.sql|length }} statement{{ "" if row.sql|length == 1 else "s" }})</summary>
<pre>{{ marked(row.sql) }}</pre></details>{% endif %}
{% if row.printed %}<details><summary>what your code printed</summary>
<pre>{{ row.printed }}</pre></details>{% endif %}
</div></li>
{% endfor %}
</ul>
{% for label, words in card.closing %}
<footer><span>{{ label }}</span><code>{{ words }}</code></footer>
{% endfor %}
</section>
{% endfor %}
{% if cards.cards|length > 1 and cards.sums %}<p class="wb-sums">{{ cards.sums }}</p>{% endif %}
{% for note in cards.notes %}<p class="wb-soft">{{ note }}</p>{% endfor %}
</div>""")


def html(cards: Cards) -> str:
    """The cards as one piece of HTML; what students wrote is cleaned and escaped."""
    return _PAGE.render(style=STYLE, look=LOOK, cards=cards, colours=_COLOURS, marked=_marked)


def _marked(statements: tuple[str, ...]) -> Markup:
    return highlight("\n\n".join(each.strip() for each in statements), "sql")
