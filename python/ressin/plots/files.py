"""Figures to files: PNG, SVG, PDF, and self-contained HTML pages."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ressin._files.atomic import replacing
from ressin._files.names import encodable
from ressin.errors import MissingExtraError, OutputError
from ressin.plots.style import STYLE

try:
    import matplotlib as mpl
except ImportError as error:
    raise MissingExtraError("matplotlib", "plot", "writing a figure") from error

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf", ".html")


def save_figure(
    figure: Figure, path: str | os.PathLike[str], *, title: str = "", facts: Mapping[str, object] | None = None
) -> None:
    """Write a figure as PNG, SVG, PDF or HTML, by the suffix.

    Parameters
    ----------
    figure
        What to write.
    path
        Where to; ``.png`` (150 dots per inch), ``.svg``, ``.pdf`` or ``.html``. A file that stands there is replaced
        once the new one is whole. HTML holds the figure as SVG and needs no other file and no network.
    title
        Title of the HTML page.
    facts
        Rows of a table below the figure in HTML: what, and its value.

    Raises
    ------
    OutputError
        If the suffix is another one or the file cannot be written.
    """
    kind = Path(path).suffix.lower()
    if kind not in FORMATS:
        raise OutputError(f"cannot write {path}: a picture's suffix must be .png, .svg, .pdf or .html, not {kind!r}")
    with mpl.rc_context(STYLE), replacing(path) as temporary:
        if kind == ".html":
            temporary.write_bytes(encodable(_page(_svg(figure), title, facts or {})).encode())
        else:
            # Without a date in it, the same figure gives the same file.
            undated: Any = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(kind)
            figure.savefig(temporary, dpi=150, metadata=undated)


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _page(svg: str, title: str, facts: Mapping[str, object]) -> str:
    rows = "\n".join(
        f"<tr><th>{escape(str(name))}</th><td>{escape(str(value))}</td></tr>" for name, value in facts.items()
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title or "ressin")}</title>
<style>
body {{ font: 15px/1.5 sans-serif; color: #202020; background: #fff; }}
body {{ max-width: 62rem; margin: 1.5rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.3rem; }}
svg {{ width: 100%; height: auto; }}
table {{ border-collapse: collapse; font-size: 0.9rem; }}
th, td {{ text-align: left; vertical-align: top; padding: 0.2rem 1.5rem 0.2rem 0; border-bottom: 1px solid #ddd; }}
th {{ font-weight: 600; white-space: nowrap; }}
</style>
</head>
<body>
<h1>{escape(title or "ressin")}</h1>
{svg}
<table>
{rows}
</table>
</body>
</html>
"""
