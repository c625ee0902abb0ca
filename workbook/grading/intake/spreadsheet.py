"""The rows of a CSV file, in the ways spreadsheets write one."""

import codecs
import csv
import io
import re
from pathlib import Path

_SEPARATOR = re.compile(r'(?i)"?sep=(.)"?')


class SpreadsheetError(ValueError):
    """The file can't be read as CSV; the message says what to give instead."""


def read_rows(path: Path) -> list[tuple[int, list[str]]]:
    """The rows that hold anything, each with the number of its line."""
    text = _text(path)
    first, _, _ = text.partition("\n")
    # Excel's own way to say what stands between the cells.
    said = _SEPARATOR.fullmatch(first.strip())
    delimiter = said[1] if said else max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row) and not (said and begins == 1):
                rows.append((begins, row))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise SpreadsheetError(f"{path} is no CSV: line {begins}: {error}") from None
    return rows


def _text(path: Path) -> str:
    if path.is_dir():
        raise SpreadsheetError(f"{path} is a folder: give a CSV file")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise SpreadsheetError(f"there is no roster at {path}") from None
    except OSError as error:
        raise SpreadsheetError(f"{path} can't be read: {error.strerror}") from None
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise SpreadsheetError(f"{path} can't be read as UTF-8: save it as CSV UTF-8") from None
