"""Grouped bar charts, one per metric, as inline SVG."""

import io
import re

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as pyplot  # noqa: E402  (the backend is chosen first)
from matplotlib.ticker import EngFormatter, NullFormatter, StrMethodFormatter  # noqa: E402

from tconv_report.results import Metric, Row  # noqa: E402

# Okabe and Ito's palette: told apart by colour-blind readers.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#7F7F7F", "#B8A900", "#000000")


HATCHES = ("", "....", "oo")  # a strategy beyond the palette's end has a colour again, but not its hatch
PIXELS_PER_POINT = 1.33
LEGEND_CHARACTERS = 130  # in a row of the narrowest chart


def styles(strategies: list[str]) -> dict[str, dict]:
    """Bar styles, no two alike among 27. X_unfused has X's colour, hatched."""
    plain = list(dict.fromkeys(name.removesuffix("_unfused") for name in strategies))
    number = {name: i for i, name in enumerate(plain)}

    def style(name: str) -> dict:
        i = number[name.removesuffix("_unfused")]
        hatch = HATCHES[i // len(COLOURS) % len(HATCHES)] + ("////" if name.endswith("_unfused") else "")
        return {"color": COLOURS[i % len(COLOURS)], "hatch": hatch, "edgecolor": "white", "linewidth": 0}

    return {name: style(name) for name in strategies}


def bars(rows: list[Row], metric: Metric, layers: list[str], palette: dict[str, dict], section: str) -> str | None:
    """One group per layer, one bar per strategy. None if no row has the metric. `section` tells charts of a page apart."""
    values = {(row.layer, row.strategy): row.metric(metric) for row in rows if row.status == "PASSED"}
    strategies = [name for name in palette if any(values.get((layer, name)) for layer in layers)]
    if not strategies:
        return None
    pyplot.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "tconv", "font.family": "sans-serif", "font.size": 9})
    figure, axes = pyplot.subplots(figsize=(max(9.0, 0.95 * len(layers) + 1.5), 3.4))
    width = 0.84 / len(strategies)
    for i, strategy in enumerate(strategies):
        positions = [j - 0.42 + (i + 0.5) * width for j in range(len(layers))]
        heights = [values.get((layer, strategy)) or 0 for layer in layers]
        axes.bar(positions, heights, width * 0.92, label=strategy, **palette[strategy])
    shown = [value for value in values.values() if value]
    if max(shown) > 20 * min(shown):  # within a decade or so a linear axis from zero reads more honestly
        axes.set_yscale("log")
    if max(shown) >= 1000:
        axes.yaxis.set_major_formatter(EngFormatter(sep=""))
    else:
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel(metric.unit)
    axes.set_xticks(range(len(layers)), [layer.replace(":", "\n", 1) for layer in layers], fontsize=8)
    if max(len(layer) for layer in layers) > 14:
        pyplot.setp(axes.get_xticklabels(), rotation=30, ha="right")
    axes.set_xlim(-0.6, len(layers) - 0.4)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    columns = max(1, LEGEND_CHARACTERS // (max(len(name) for name in strategies) + 5))
    axes.legend(ncols=min(columns, len(strategies)), loc="lower left", bbox_to_anchor=(0, 1.0), frameon=False, handlelength=1)
    text = io.StringIO()
    figure.savefig(text, format="svg", bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
    svg = text.getvalue()
    svg = svg[svg.index("<svg"):]
    # The page shrinks the picture where it must, and never blows it up. Ids are made unique so that charts can share a document.
    svg = re.sub(r'(<svg[^>]*?) width="([\d.]+)pt" height="[^"]*"',
                 lambda m: f'{m[1]} style="max-width: {float(m[2]) * PIXELS_PER_POINT:.0f}px"', svg, count=1)
    prefix = re.sub(r"\W+", "-", f"{section}-{metric.key}-")
    return re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{prefix}", svg)
