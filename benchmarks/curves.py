"""Curves with bands as SVG: a few lines of it, so that a benchmark needs no plotting library."""

from collections.abc import Mapping, Sequence
from html import escape

COLOURS = ("#1b6ca8", "#d1495b", "#2e933c", "#edae49", "#7d4f9e", "#66615b", "#00a6a6", "#a44a3f",
           "#8fb339", "#3a3a3a", "#c97b84", "#5f7fbf", "#b5651d")
WIDTH, HEIGHT, LEFT, TOP, KEY = 640, 420, 56, 34, 210

Curve = Sequence[tuple[float, float, float]]     # low, middle, high for x = 1, 2, …


def svg(title: str, across: str, up: str, curves: Mapping[str, Curve], top: float) -> str:
    """A drawing of curves over 1, 2, …; y from 0 to ``top``, what is above is cut."""
    count = max(len(curve) for curve in curves.values())

    def x(i: float) -> float:
        return LEFT + (WIDTH - LEFT - 12) * (i - 1) / max(1, count - 1)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - 44) * (1 - min(value, top) / top)

    def path(points: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{px:.1f},{py:.1f}" for px, py in points)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + KEY} {HEIGHT}" '
           f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" '
           f'fill="white"/><text x="{LEFT}" y="20" font-size="14">{escape(title)}</text>']
    for step in range(6):
        value = top * step / 5
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - 12}" y1="{y(value):.1f}" y2="{y(value):.1f}" '
                   f'stroke="#ddd"/><text x="{LEFT - 6}" y="{y(value) + 4:.1f}" '
                   f'text-anchor="end">{value:.2f}</text>')
        tick = max(1, round(count * step / 5))
        out.append(f'<text x="{x(tick):.1f}" y="{HEIGHT - 26}" text-anchor="middle">{tick}</text>')
    out.append(f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
               f'{escape(across)}</text><text transform="translate(14,{HEIGHT / 2}) rotate(-90)" '
               f'text-anchor="middle">{escape(up)}</text>')
    for n, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[n % len(COLOURS)]
        low = [(x(i), y(c[0])) for i, c in enumerate(curve, 1)]
        high = [(x(i), y(c[2])) for i, c in enumerate(curve, 1)]
        middle = [(x(i), y(c[1])) for i, c in enumerate(curve, 1)]
        out.append(f'<polygon points="{path(low + high[::-1])}" fill="{colour}" opacity="0.12"/>'
                   f'<polyline points="{path(middle)}" fill="none" stroke="{colour}" '
                   f'stroke-width="1.8"/><text x="{WIDTH + 26}" y="{TOP + 18 * n + 4}">'
                   f'{escape(name)}</text><line x1="{WIDTH}" x2="{WIDTH + 20}" '
                   f'y1="{TOP + 18 * n}" y2="{TOP + 18 * n}" stroke="{colour}" stroke-width="3"/>')
    return "\n".join([*out, "</svg>", ""])
