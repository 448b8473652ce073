"""Grouped bar charts, one per metric, as inline SVG."""

import io
import re

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as pyplot  # noqa: E402  (the backend is chosen first)
from matplotlib.ticker import EngFormatter, NullFormatter  # noqa: E402

from tconv_report.results import Metric, Row  # noqa: E402

# Okabe and Ito's palette: told apart by colour-blind readers.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#7F7F7F", "#B8A900", "#000000")


def colours(strategies: list[str]) -> dict[str, str]:
    return {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(strategies)}


def bars(rows: list[Row], metric: Metric, layers: list[str], palette: dict[str, str]) -> str | None:
    """One group per layer, one bar per strategy. None if no row has the metric."""
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
        axes.bar(positions, heights, width * 0.92, label=strategy, color=palette[strategy])
    shown = [value for value in values.values() if value]
    if max(shown) > 20 * min(shown):  # within a decade or so a linear axis from zero reads more honestly
        axes.set_yscale("log")
    axes.yaxis.set_major_formatter(EngFormatter(sep=""))
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
    axes.legend(ncols=len(strategies), loc="lower left", bbox_to_anchor=(0, 1.0), frameon=False, handlelength=1)
    text = io.StringIO()
    figure.savefig(text, format="svg", bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
    svg = text.getvalue()
    svg = svg[svg.index("<svg"):]
    # The page scales the picture; ids are made unique so that several charts can share one document.
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r"\1", svg, count=1)
    return re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{metric.key}-", svg)
