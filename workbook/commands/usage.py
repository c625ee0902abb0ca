"""What a call that can't be read as it stands is told: one line, the next step at its end."""

from typing import Any

from pydantic import ValidationError
from typer.exceptions import TyperException


def one_line(error: TyperException) -> str:
    """`--seed abc: input should be a valid integer …; see workbook check -h`."""
    context: Any = getattr(error, "ctx", None)
    said = " ".join(_said(error).split()).rstrip(".?").replace(". Did you mean", "; perhaps")
    return f"{said}; see {context.command_path if context else 'workbook'} -h"


def _said(error: TyperException) -> str:
    param: Any = getattr(error, "param", None)
    if param is None:
        return _begun_small(error.format_message())
    name = param.opts[0] if param.param_type_name == "option" else param.name
    if not error.message:
        about = f" ({_begun_small(param.help).rstrip('.')})" if param.help else ""
        return f"{name} is missing{about}"
    reason = _begun_small(error.message.removeprefix("Value error, "))
    cause = error.__cause__
    given = str(cause.errors()[0]["input"]) if isinstance(cause, ValidationError) else ""
    shown = f" {given}" if given and repr(given) not in reason else ""
    return f"{name}{shown}: {reason}"


def _begun_small(text: str) -> str:
    return text[:1].lower() + text[1:]
