"""Accuracy over pictures a class, drawn."""
import math
import statistics


def draw(results, counts, title):
    """Accuracy over pictures a class (logarithmic), as SVG."""
    width, height, left, bottom, top = 640, 400, 60, 50, 40
    colors = {"softmax": "#1f6fb4", "svm": "#c8552b", "hidden": "#4a8f3c", "imprint": "#7a5aa6", "mean": "#777777"}
    means = {head: {count: statistics.mean(values) for count, values in row.items()} for head, row in results.items()}
    lowest = math.floor(10 * min(value for row in means.values() for value in row.values())) / 10
    highest = min(1, math.ceil(20 * max(value for row in means.values() for value in row.values())) / 20)
    span = math.log(counts[-1] / counts[0]) or 1

    def place(count, value):
        x = left + (width - left - 150) * math.log(count / counts[0]) / span
        return x, height - bottom - (height - bottom - top) * (value - lowest) / (highest - lowest)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
             f'<rect width="{width}" height="{height}" fill="white"/>', f'<text x="{left}" y="22" font-size="15">{title}</text>']
    step = 0.05 if highest - lowest <= 0.4 else 0.1
    for line in range(round((highest - lowest) / step) + 1):
        value = lowest + line * step
        y = place(counts[0], value)[1]
        parts.append(f'<line x1="{left}" x2="{width - 150}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{value * 100:.0f} %</text>')
    for count in counts:
        parts.append(f'<text x="{place(count, lowest)[0]:.1f}" y="{height - bottom + 20}" text-anchor="middle">{count}</text>')
    parts.append(f'<text x="{(left + width - 150) / 2}" y="{height - 10}" text-anchor="middle">pictures a class</text>')
    ends = []
    for head, row in means.items():
        points = " ".join("{:.1f},{:.1f}".format(*place(count, value)) for count, value in row.items())
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colors[head]}" stroke-width="2"/>')
        parts += ['<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"/>'.format(*place(count, value), colors[head])
                  for count, value in row.items()]
        ends.append((place(*list(row.items())[-1]), head))
    previous = -100
    for (x, y), head in sorted(ends, key=lambda end: end[0][1]):
        previous = max(y, previous + 15)
        parts.append(f'<text x="{x + 10:.1f}" y="{previous + 4:.1f}" fill="{colors[head]}">{head}</text>')
    return "\n".join(parts) + "\n</svg>\n"
