"""What every page is made of: a template, its policy, figures as inert JSON, and one atomic write.

Content-Security-Policy, sent as a meta tag since a page is a file:
* `default-src 'none'`: nothing is fetched, from anywhere; the page is whole.
* `script-src` lists the sha256 of the two scripts that pages have, plotly.js and page.js. Any
  other script, inline or not, and any handler attribute is refused; there is no 'unsafe-eval'.
* `style-src 'unsafe-inline'`: plotly sets style attributes on what it draws.
* `img-src data: blob:`: "download as PNG" draws the figure into one.
* `base-uri` and `form-action 'none'` close the ways around `default-src`.
`frame-ancestors` has no effect in a meta tag, so a server that serves pages must send it.
"""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly import graph_objects as go

from nas.study.storage import replacing

_HERE = Path(__file__).parent
_NOTHING = "'none'"


def render_page(template: str, *, scripts: Sequence[str], **values: Any) -> str:
    """Return a template of this folder as HTML whose policy allows `scripts` and no other."""
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(
        policy=policy(scripts),
        css=Markup(read("page.css")),
        scripts=[Markup(script) for script in scripts],
        **values,
    )


def write_page(path: Path, page: str) -> None:
    """Write a page to `path`; a reader sees the old page or the new, never half of one.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as beside:
        # A lone surrogate, from a path that is not UTF-8, has no bytes of its own.
        beside.write_bytes(page.encode("utf-8", "backslashreplace"))


def figure_json(figure: go.Figure) -> Markup:
    """Return the figure as JSON that may stand within a script element, whatever the names in it.

    Within JSON `<` occurs in strings only, where the escape means the same. plotly 7 writes it so
    too, but does not promise to.
    """
    text = figure.to_json(validate=False, engine="json")
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))


def policy(scripts: Sequence[str]) -> str:
    """Return the Content-Security-Policy of a page with these scripts."""
    hashes = (hashlib.sha256(script.encode()).digest() for script in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(each).decode()}'" for each in hashes)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {allowed or _NOTHING}",
            "style-src 'unsafe-inline'",
            "img-src data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def read(name: str) -> str:
    """Return a text file of this folder."""
    return (_HERE / name).read_text(encoding="utf-8")
