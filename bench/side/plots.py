"""Plots as inline SVG: horizontal bars and lines.  No script, no font, nothing from elsewhere."""

import itertools
import math
from html import escape

LATCHKEY_COLOR, LIMIT_COLOR = "#1d4ed8", "#9ca3af"
RIVAL_COLORS = ["#d97706", "#059669", "#9333ea", "#be123c", "#0e7490"]
INK, FAINT, GRID = "#1f2937", "#6b7280", "#e5e7eb"


def palette(kinds):
    """A color a server; Latchkey's and the limit's are always the same."""
    fixed = {"latchkey": LATCHKEY_COLOR, "limit": LIMIT_COLOR}
    rivals = itertools.cycle(RIVAL_COLORS)
    return {name: fixed.get(role) or next(rivals) for name, role in kinds}


def _text(x, y, text, size=12, anchor="start", color=INK, bold=False):
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="{color}"{weight}>{escape(text)}</text>'
    )


def _svg(width, height, parts):
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def legend(colors):
    parts, x = [], 0
    for name, color in colors.items():
        parts.append(f'<rect x="{x}" y="3" width="12" height="12" rx="2" fill="{color}"/>')
        parts.append(_text(x + 18, 13, name))
        x += 34 + 8 * len(name)
    return _svg(max(x, 10), 20, parts)


def bars(rows, colors, width=920):
    """
    rows: (label, [(server, value, text behind the bar)]).  Each row has its own scale, as the
    values of different cases may lie a hundredfold apart; within a row lengths compare.
    """
    left, right, bar, gap = 370, 150, 16, 14
    parts, y = [], 4
    for label, values in rows:
        top = max((v for _n, v, _t in values), default=0) or 1
        height = bar * len(values)
        parts.append(_text(left - 12, y + height / 2 + 4, label, 11, "end"))
        for name, value, text in values:
            length = max(1, (width - left - right) * max(0, value) / top)
            parts.append(
                f'<rect x="{left}" y="{y + 1}" width="{length:.1f}" height="{bar - 2}" rx="2" '
                f'fill="{colors[name]}"><title>{escape(name)}: {escape(text)}</title></rect>'
            )
            parts.append(_text(left + length + 6, y + bar - 4, text, 11, color=FAINT))
            y += bar
        y += gap
    return _svg(width, y, parts)


def _ticks(low, high, log):
    if log:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        return [10.0**e for e in range(first, last + 1)]
    step = 10 ** math.floor(math.log10((high - low) / 4 or 1))
    step = next((step * m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= 6), step * 10)
    first = math.ceil(low / step)
    return [step * i for i in range(first, math.floor(high / step) + 1)]


def _short(v):
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(v) >= unit:
            return f"{v / unit:g}{name}"
    return f"{v:g}"


def lines(title, series, colors, *, x_label, y_label, x_ticks=None, y_log=False, marks=()):
    """series: {server: [(x, y)]}; marks: (x, text) of upright lines; x_ticks: (x, text)."""
    width, height, left, right, top, bottom = 450, 260, 58, 14, 30, 42
    points = [p for s in series.values() for p in s]
    if not points:
        return ""
    floor = 1e-3 if y_log else 0
    x_low, x_high = min(p[0] for p in points), max(p[0] for p in points)
    y_low = min(max(p[1], floor) for p in points) if y_log else 0
    y_high = max(max(p[1] for p in points), y_low * 1.01, 1e-3 if y_log else 1)
    if y_log:
        y_low, y_high = 10 ** math.floor(math.log10(y_low)), 10 ** math.ceil(math.log10(y_high))

    def sx(x):
        return left + (width - left - right) * (x - x_low) / ((x_high - x_low) or 1)

    def sy(y):
        if y_log:
            share = math.log10(max(y, y_low) / y_low) / (math.log10(y_high / y_low) or 1)
        else:
            share = (y - y_low) / ((y_high - y_low) or 1)
        return height - bottom - (height - top - bottom) * share

    parts = [_text(left, 16, f"{title}, {y_label}", 12, bold=True)]
    for y in _ticks(y_low, y_high, y_log):
        if y_low <= y <= y_high:
            parts.append(
                f'<line x1="{left}" x2="{width - right}" y1="{sy(y):.1f}" y2="{sy(y):.1f}" '
                f'stroke="{GRID}"/>'
            )
            parts.append(_text(left - 6, sy(y) + 4, _short(y), 10, "end", FAINT))
    for x, text in x_ticks or [(t, _short(t)) for t in _ticks(x_low, x_high, False)]:
        if x_low <= x <= x_high:
            parts.append(_text(sx(x), height - bottom + 16, text, 10, "middle", FAINT))
    for x, text in marks:
        parts.append(
            f'<line x1="{sx(x):.1f}" x2="{sx(x):.1f}" y1="{top}" y2="{height - bottom}" '
            f'stroke="{FAINT}" stroke-dasharray="3 3"/>'
        )
        parts.append(_text(sx(x) + 4, top + 8, text, 10, color=FAINT))
    for name, values in series.items():
        path = " ".join(f"{sx(x):.1f},{sy(y):.1f}" for x, y in values)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colors[name]}" stroke-width="1.8" '
            f'stroke-linejoin="round"><title>{escape(name)}</title></polyline>'
        )
    parts.append(_text((left + width - right) / 2, height - 6, x_label, 11, "middle", FAINT))
    return _svg(width, height, parts)


NINES = [(0, "0"), (0.30103, "50"), (1, "90"), (2, "99"), (3, "99.9"), (4, "99.99"), (5, "max")]


def latency_curve(title, curves, colors):
    """curves: {server: [(percentile, us)]}, drawn over the number of nines."""
    series = {}
    for name, curve in curves.items():
        points = [(5 if p >= 100 else min(4.8, -math.log10(1 - p / 100)), us) for p, us in curve]
        if points:
            series[name] = points
    return lines(
        title, series, colors, x_label="percentile", y_label="µs", x_ticks=NINES, y_log=True
    )
