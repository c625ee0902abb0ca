"""Text made safe to show, and the look it has in both themes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from jinja2 import Environment, Template
from markupsafe import Markup

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-_]?")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, but for tab and newline
    "\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f"  # what turns or hides text
    "\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def clean(text: str) -> str:
    """The text without what a terminal or a page would act on instead of showing."""
    text = _ANSI.sub("", text).replace("\r\n", "\n")
    return _UNSEEN.sub("", re.sub("[\r\u2028\u2029]", "\n", text))


def _shown(value: Any) -> Any:
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_ENVIRONMENT = Environment(autoescape=True, finalize=_shown, trim_blocks=True, lstrip_blocks=True)


@lru_cache
def template(source: str) -> Template:
    """A template that cleans and escapes every value it is given."""
    return _ENVIRONMENT.from_string(source)


def highlight(code: str, language: str) -> Markup:
    """The code with its words marked, as HTML for a <pre>."""
    # Imported here: 60 ms that a terminal never needs.
    from pygments import highlight as mark  # type: ignore[import-untyped]
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]

    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    form = HtmlFormatter(nowrap=True, classprefix="wb-")
    return Markup(mark(clean(code), lexer, form))


# Each output stands alone in a saved notebook, so each brings the look with it. Outside of
# JupyterLab the fallbacks inherit, so that a page's own colours hold.
STYLE = Markup("""<style>
.wb{--ink:var(--jp-content-font-color1,inherit);--soft:var(--jp-content-font-color2,inherit);
--line:var(--jp-border-color2,#8884);--paper:var(--jp-layout-color1,transparent);
--shade:color-mix(in srgb,var(--jp-layout-color3,#888) 14%,transparent);
--ok:var(--jp-success-color1,#388e3c);--yet:var(--jp-warn-color1,#f57c00);
--stop:var(--jp-error-color1,#d32f2f);--calm:var(--jp-brand-color1,#1976d2);
color:var(--ink);font:14px/1.5 var(--jp-ui-font-family,system-ui,sans-serif);
max-width:60rem;margin:.35rem 0 .6rem;text-align:left}
.wb *{box-sizing:border-box}
.wb.wb code,.wb.wb pre{font:12.5px/1.5 var(--jp-code-font-family,monospace);color:inherit;
background:none!important;padding:0!important;border:0}
.wb.wb pre{margin:.4rem 0 0;padding:.55rem .75rem!important;background:var(--shade)!important;
border-radius:5px;white-space:pre-wrap;overflow-wrap:anywhere;max-height:26rem;overflow:auto}
.wb.wb pre.wb-code{white-space:pre;overflow-wrap:normal}
.wb p{margin:.25rem 0}
.wb summary{cursor:pointer;color:var(--soft);padding:.1rem 0}
.wb summary:hover{color:var(--ink)}
.wb :focus-visible{outline:2px solid var(--calm);outline-offset:2px;border-radius:3px}
.wb .wb-soft{color:var(--soft)}
.wb .wb-box{border:1px solid var(--line);border-radius:8px;background:var(--paper);
padding:.75rem 1rem;overflow-x:auto}
.wb .wb-unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
white-space:nowrap}
.wb .wb-k,.wb .wb-kn,.wb .wb-kd,.wb .wb-kc,.wb .wb-kr,.wb .wb-kt,.wb .wb-ow
{color:var(--jp-mirror-editor-keyword-color,inherit);font-weight:600}
.wb .wb-s1,.wb .wb-s2,.wb .wb-sd,.wb .wb-s,.wb .wb-sa,.wb .wb-si,.wb .wb-se
{color:var(--jp-mirror-editor-string-color,inherit)}
.wb .wb-c,.wb .wb-c1,.wb .wb-cm{color:var(--jp-mirror-editor-comment-color,inherit)}
.wb .wb-mi,.wb .wb-mf,.wb .wb-m{color:var(--jp-mirror-editor-number-color,inherit)}
.wb .wb-nf,.wb .wb-nc,.wb .wb-fm{color:var(--jp-mirror-editor-def-color,inherit)}
.wb .wb-nb,.wb .wb-bp,.wb .wb-nd{color:var(--jp-mirror-editor-builtin-color,inherit)}
</style>""")
