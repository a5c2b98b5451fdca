"""Rendering of plots to SVG, PDF and PNG by vl-convert, without a browser."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from searchspace import SearchspaceError
from searchspace.safety.files import write_file
from searchspace.text import printable
from viz.plots.registry import in_order
from viz.plots.theme import config
from viz.results import Results

FORMATS = ("svg", "pdf", "png")
WIDTH = 640          # pixels, at 96 to an inch


def chart(spec: dict[str, Any], format: str = "svg", theme: str = "light",
          width: int | None = WIDTH) -> bytes:
    """A Vega-Lite specification as the bytes of a file; deterministic. ``width``: None for one
    that says how wide its parts are."""
    import vl_convert

    # no accessible description for each mark
    sized = {**_printable(spec), **({"width": width} if width else {}),
             "config": {**config(theme), "aria": False}}
    if format == "svg":
        return _small(vl_convert.vegalite_to_svg(sized)).encode()
    if format == "pdf":
        return vl_convert.vegalite_to_pdf(sized)
    return vl_convert.vegalite_to_png(sized, scale=2)


def _printable(value: Any) -> Any:
    """A specification without characters that SVG forbids."""
    if isinstance(value, Mapping):
        return {key: _printable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(part) for part in value]
    return printable(value) if isinstance(value, str) else value


def _small(drawn: str) -> str:
    """An SVG with coordinates rounded to a hundredth of a pixel, the same in every process."""
    # gradients are numbered over all drawings of a process
    numbers = {name: f"gradient_{i}" for i, name in enumerate(
        dict.fromkeys(re.findall(r"gradient_\d+", drawn)))}
    drawn = re.sub(r"gradient_\d+", lambda found: numbers[found[0]], drawn)
    return re.sub(r' (?:d|transform|[xy][12]?|width|height)="[^"]*"', lambda attribute: re.sub(
        r"-?\d+\.\d{3,}", lambda n: f"{float(n[0]):.2f}".rstrip("0").rstrip("."), attribute[0]),
        drawn)


def write_charts(results: Results, folder: Path, format: str = "svg",
                 theme: str = "light") -> list[Path]:
    """Write every plot with data as ``folder/front.svg`` and so on; returns the paths.

    Raises:
        SearchspaceError: the folder cannot be written to.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, plot in in_order().items():
            if (spec := plot.draw(results)) is not None:
                written.append(folder / f"{name}.{format}")
                write_file(written[-1], chart(spec, format, theme))
    except OSError as error:
        raise SearchspaceError(f"{folder} cannot be written to: {error.strerror}") from None
    return written


@cache
def library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one JavaScript module body, from vl-convert: 0.9 MB."""
    import vl_convert

    return vl_convert.javascript_bundle(None)  # type: ignore[arg-type]  # a default it has
