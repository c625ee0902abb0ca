"""Text a student can write, made safe to show, to file and to open in a spreadsheet."""

import hashlib
import re
import unicodedata

_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
_FORMULA = ("=", "+", "-", "@", "\t", "|", "%")
# Device names of Windows, and names that look like the marked ones made here.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|(.*-)?[0-9a-f]{8})")
LONGEST = 2_000


def clean(text: str, longest: int = LONGEST) -> str:
    """The text with what can't be seen spelled out: controls, direction marks, lone surrogates.

    Tabs and line feeds stay. Cut at `longest` characters, and then it says so.
    """
    if len(text) <= longest and text.isprintable():
        return text
    cut = text[:longest].replace("\r\n", "\n")
    shown = _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", cut)
    return shown if len(text) <= longest else f"{shown} … (cut)"


def line(text: str, longest: int = LONGEST) -> str:
    """The text cleaned, on one line."""
    return " ".join(clean(text, longest).split())


def cell(text: str) -> str:
    """The text as a spreadsheet cell that no program takes for a formula."""
    shown = line(text)
    return f"'{shown}" if unicodedata.normalize("NFKC", shown[:1]).startswith(_FORMULA) else shown


def slug(text: str) -> str:
    """A file name for a person: readable, portable, and never shared by two texts."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    short = re.sub(r"[^A-Za-z0-9_-]+", "-", plain).strip("-")[:60].lower()
    if short and short == text and not _RESERVED.fullmatch(short):
        return short
    mark = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return f"{short}-{mark}" if short else mark
