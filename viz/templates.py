"""Templates and content security policy of pages.

Texts are escaped by Jinja2, and lose their control characters. The page's policy lists the hashes
of its scripts: a browser runs no others.
"""

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from searchspace.text import writable

if TYPE_CHECKING:
    import jinja2

WEB = Path(__file__).parent / "web"
STATIC = WEB / "static"


def policy(code: Iterable[str]) -> str:
    """Content security policy: run these scripts and no others, and make no requests."""
    hashes = " ".join(f"'sha256-{_hash(text)}'" for text in code)
    return (f"default-src 'none'; script-src {hashes} 'wasm-unsafe-eval'; "
            "style-src 'unsafe-inline'; "
            "img-src data: blob:; base-uri 'none'; form-action 'none'")


@cache
def environment() -> "jinja2.Environment":
    """Environment of the templates in `WEB`, with escaping."""
    import jinja2

    return jinja2.Environment(loader=jinja2.FileSystemLoader(WEB / "templates"), autoescape=True,
                              undefined=jinja2.StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True, finalize=_shown)


def _shown(value: object) -> object:
    """A value of a template, without control characters; what is marked as safe stays."""
    return writable(value) if type(value) is str else value


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
