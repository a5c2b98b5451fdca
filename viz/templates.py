"""The templates of pages, and what a page may do.

Texts go through Jinja2's escaping. Scripts are named by their hashes in the page's own policy: a
browser runs these and no others.
"""

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

WEB = Path(__file__).parent / "web"
STATIC = WEB / "static"


def policy(code: Iterable[str]) -> str:
    """What a browser lets a page do: run these scripts, and no others, and ask for nothing."""
    hashes = " ".join(f"'sha256-{_hash(text)}'" for text in code)
    return (f"default-src 'none'; script-src {hashes} 'wasm-unsafe-eval'; "
            "style-src 'unsafe-inline'; "
            "img-src data: blob:; base-uri 'none'; form-action 'none'")


@cache
def environment() -> "jinja2.Environment":
    """The templates of `WEB`; what they are given is escaped."""
    import jinja2

    return jinja2.Environment(loader=jinja2.FileSystemLoader(WEB / "templates"), autoescape=True,
                              undefined=jinja2.StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True)


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
