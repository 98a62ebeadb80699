"""Pages of HTML that need no other file and no network: the look that all reports share.

| module | holds |
|---|---|
| `ressin.pages.render` | a template filled in, with the style inside it |
| `ressin.pages.templates` | the templates of Jinja, and the style |

Needs Jinja, which the extras `report` and `train` bring.
"""
