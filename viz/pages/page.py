"""Self-contained pages: they make no requests, and all text in them is escaped.

Texts are escaped by Jinja2 or, in a browser, put into text nodes. Data are embedded as base64 of
gzip, which needs no escaping and a tenth of the size. The page's content security policy lists the
hashes of its scripts: a browser runs no others.
"""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from viz.comparison.alignment import WEIGHTS
from viz.drawing.style import DARK, LIGHT
from viz.plots.render import library
from viz.plots.theme import THEMES, config
from viz.templates import STATIC, environment, policy


def pack(value: object) -> str:
    """A value as base64 of gzip of JSON; deterministic."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def page(template: str, scripts: Sequence[str], data: Mapping[str, object],
         **values: Any) -> str:
    """The text of a page: a template of `WEB`, with its scripts after those of `libraries`, and
    ``data`` by the ids that the scripts use."""
    code = [*libraries(),
            "\n".join((STATIC / name).read_text(encoding="utf-8") for name in scripts)]
    themes = {"plots": {theme: config(theme) for theme in THEMES}, "darker": darker()}
    packed = {"themes": pack(themes), "weights": pack(WEIGHTS),
              **{name: pack(value) for name, value in data.items()}}
    return environment().get_template(template).render(
        style=(STATIC / "style.css").read_text(encoding="utf-8"), scripts=code, policy=policy(code),
        data=packed, **values)


def libraries() -> tuple[str, str]:
    """The libraries of every page: Graphviz in WebAssembly (`web/README.md`), and Vega.

    Raises:
        ValueError: one of them cannot be embedded without escaping.
    """
    texts = (STATIC / "viz-global.js").read_text(encoding="utf-8"), library()
    if any("</script" in text.lower() or "<!--" in text for text in texts):
        raise ValueError("a library cannot stand in a page as it is")
    return texts


def darker() -> dict[str, str]:
    """The dark colour of drawings for each light one; the first if there are several."""
    pairs = zip(_colours(asdict(LIGHT)), _colours(asdict(DARK)), strict=True)
    return dict(reversed(list(pairs)))


def _colours(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _colours(part)
    elif isinstance(value, Sequence):
        for part in value:
            yield from _colours(part)
