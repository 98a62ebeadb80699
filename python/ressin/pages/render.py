"""Templates filled in: whole pages of HTML, with style and pictures inside."""

from __future__ import annotations

import base64
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ressin._extras import require
from ressin._files.atomic import replacing
from ressin._files.names import encodable

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **content: Any) -> str:
    """Fill in a template.

    Parameters
    ----------
    template
        Name of a file in ``templates/``.
    content
        What the template asks for; text is escaped, and a name that the template asks for and does not get is an error.

    Returns
    -------
    str
        The page.

    Raises
    ------
    MissingExtraError
        When Jinja is not installed.
    """
    return _environment().get_template(template).render(content)


def write_page(text: str, path: str | os.PathLike[str]) -> None:
    """Write a page whole or not at all, as UTF-8.

    Raises
    ------
    OutputError
        If it cannot be written; what stood there is untouched.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(encodable(text).encode())


def svg_source(svg: str) -> str:
    """Return a picture as the source of an ``<img>``: of its own, so that names in it cannot meet those of another."""
    return f"data:image/svg+xml;base64,{base64.b64encode(encodable(svg).encode()).decode()}"


def script_json(text: str) -> str:
    """Return JSON that can stand in a ``<script>``: nothing in it ends the element."""
    return text.replace("<", "\\u003c")


@cache
def _environment() -> Environment:
    jinja2 = require("jinja2", "report", "writing a page")
    environment: Environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["style"] = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return environment
