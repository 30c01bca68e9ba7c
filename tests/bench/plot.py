# SPDX-License-Identifier: LGPL-2.1-or-later
"""plot - what the next create costs when so many are there, as an SVG that can be read on light and dark ground"""
import html
import math

WIDTH, HEIGHT = 880, 460
LEFT, RIGHT, TOP, BOTTOM = 76, 660, 44, 404
# Seen apart by those who see no red or green too, on white as on black.
COLOURS = ("#0b84d8", "#e0731d", "#1a9e77", "#b5528f", "#8a7a00", "#7b6bd6", "#c94444", "#4f8f3a", "#777777", "#00909e", "#a0662a", "#5575aa")

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #222 }
.title { font-size: 15px; font-weight: 600 }
.axis { stroke: #666; fill: none }
.grid { stroke: #ccc; stroke-width: 0.5 }
.ground { fill: #fff }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd }
  .axis { stroke: #999 }
  .grid { stroke: #444 }
  .ground { fill: #0d1117 }
}
"""


def ticks(least, most):
    """1, 2, 5, 10, … within"""
    return [step * 10.0 ** power for power in range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
            for step in (1, 2, 5) if least <= step * 10.0 ** power <= most]


def apart(places, room=17):
    """Moves labels down from each other, and all of them up again where they leave the ground."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    result, last = list(places), -math.inf
    for i in order:
        last = result[i] = max(places[i], last + room)
    lowest = BOTTOM
    for i in reversed(order):
        result[i] = min(result[i], lowest)
        lowest = result[i] - room
    return result


def svg(curves, title, note=""):
    """curves: {name: [(N, microseconds)]}"""
    points = [point for curve in curves.values() for point in curve]
    most_n = max(n for n, _ in points)
    low, high = min(us for _, us in points) * 0.8, max(us for _, us in points) * 1.25

    def x(n):
        return LEFT + (RIGHT - LEFT) * n / most_n

    def y(us):
        return BOTTOM - (BOTTOM - TOP) * math.log(us / low) / math.log(high / low)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}">',
           f"<style>{STYLE}</style>", f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
           f'<text class="title" x="{LEFT}" y="26">{html.escape(title)}</text>']
    for us in ticks(low, high):
        out.append(f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y(us):.1f}" y2="{y(us):.1f}"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y(us) + 4:.1f}" text-anchor="end">{us / 1000:g} ms</text>')
    for i in range(0, 11, 2):
        n = most_n * i / 10
        out.append(f'<text x="{x(n):.1f}" y="{BOTTOM + 20}" text-anchor="middle">{n:g}</text>')
        out.append(f'<line class="axis" x1="{x(n):.1f}" x2="{x(n):.1f}" y1="{BOTTOM}" y2="{BOTTOM + 5}"/>')
    out.append(f'<path class="axis" d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}"/>')
    out.append(f'<text x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 42}" text-anchor="middle">namespaces that are there{html.escape(note)}</text>')
    names = list(curves)
    labels = apart([y(curves[name][-1][1]) + 4 for name in names])
    for name, label, colour in zip(names, labels, COLOURS):
        curve = curves[name]
        path = "L".join(f"{x(n):.1f} {y(us):.1f}" for n, us in curve)
        dash = ' stroke-dasharray="6 4"' if name.startswith("floor") else ""
        wide = 3 if name.startswith("nsnetd") else 1.8
        out.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{wide}"{dash}/>')
        for n, us in curve:
            out.append(f'<circle cx="{x(n):.1f}" cy="{y(us):.1f}" r="2.5" fill="{colour}"/>')
        end_x, end_y = x(curve[-1][0]), y(curve[-1][1])
        out.append(f'<path d="M{end_x + 4:.1f} {end_y:.1f}L{RIGHT + 14} {label - 4:.1f}" fill="none" stroke="{colour}" '
                   'stroke-width="0.7" stroke-dasharray="2 3"/>')
        out.append(f'<text x="{RIGHT + 18}" y="{label:.1f}" style="fill:{colour}">{html.escape(name)}</text>')
    return "\n".join(out) + "\n</svg>\n"
