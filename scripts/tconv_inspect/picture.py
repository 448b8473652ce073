"""One picture of one layer: coverage and phases of each axis; with a kernel, its responses and the pattern that it prints."""

import json
import pathlib

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as pyplot  # noqa: E402  (the backend is chosen first)
from matplotlib.ticker import MaxNLocator  # noqa: E402

# Okabe and Ito's palette: told apart by colour-blind readers. One colour per phase.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#7F7F7F", "#B8A900")
FORMATS = (".svg", ".png")
PIXELS_PER_INCH = 130
LONGEST = 48  # bars that a chart can show


def colour(phase: int) -> str:
    return COLOURS[phase % len(COLOURS)]


def plain(axes, title: str, label: str = "", counted: bool = True) -> None:
    """Title and frame; `counted`: what runs along x are whole numbers."""
    axes.set_title(title, fontsize=9, loc="left")
    axes.set_xlabel(label, fontsize=8)
    axes.tick_params(labelsize=7)
    if counted:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def draw_coverage(axes, axis: dict) -> None:
    """Taps per output, coloured by phase; of an axis that is too long, a few periods of its interior."""
    stride, counts = axis["stride"], axis["coverage"]["map"]
    if counts is not None and len(counts) <= LONGEST:
        label = "output"
        phases = [(output + axis["crop_low"]) % stride for output in range(len(counts))]
    else:
        label = "output, away from the borders"
        phases = [output % stride for output in range(min(LONGEST, 4 * stride))]
        counts = [len(axis["phases"][phase]["taps"]) for phase in phases]
    axes.bar(range(len(counts)), counts, 0.85, color=[colour(phase) for phase in phases])
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    plain(axes, f"taps per output, axis {axis['axis']} (variance {axis['coverage']['interior_variance']:.3g})", label)


def draw_taps(axes, axis: dict, filtered: dict | None) -> None:
    """The kernel with each tap in its phase's colour, beside the ideal interpolator; without a kernel, taps per phase."""
    if filtered is None:
        phases = axis["phases"][:LONGEST]
        axes.bar([p["phase"] for p in phases], [len(p["taps"]) for p in phases], 0.85, color=[colour(p["phase"]) for p in phases])
        plain(axes, f"taps per phase, axis {axis['axis']}", "phase")
        return
    for phase in axis["phases"]:
        taps = phase["taps"]
        if taps:
            heights = [filtered["taps"][tap] for tap in taps]
            axes.vlines(taps, 0, heights, color=colour(phase["phase"]), linewidth=1)
            axes.plot(taps, heights, "o", color=colour(phase["phase"]), markersize=4)
    axes.plot(range(len(filtered["ideal_taps"])), filtered["ideal_taps"], "_", color="#555555", label="ideal")
    axes.axhline(0, color="#cccccc", linewidth=0.6)
    axes.legend(fontsize=7, frameon=False)
    plain(axes, f"taps along {axis['axis']}, by phase", "tap")


def draw_response(axes, axis: dict, filtered: dict) -> None:
    """|H| of the whole kernel at the output's rate, the ideal low-pass, and where the images of a constant lie."""
    samples = len(filtered["magnitude"])
    omega = [i / (samples - 1) for i in range(samples)]
    stride = axis["stride"]
    axes.plot([0, 1 / stride, 1 / stride, 1], [stride, stride, 0, 0], color="#999999", linewidth=1, linestyle="--", label="ideal")
    axes.plot(omega, filtered["magnitude"], color="#000000", linewidth=1.2, label="kernel")
    for m in range(1, stride // 2 + 1):
        axes.axvline(2 * m / stride, color="#D55E00", linewidth=0.6, linestyle=":", label="image of a constant" if m == 1 else None)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7, frameon=False)
    plain(axes, f"|H| along {axis['axis']}", "frequency / π, output's rate", counted=False)


def draw_phases(axes, axis: dict, filtered: dict) -> None:
    """|H| of each phase at the input's rate: unequal curves are the checkerboard."""
    for phase, values in enumerate(filtered["phases"][: len(COLOURS)]):
        magnitude = values["magnitude"]
        omega = [i / (len(magnitude) - 1) for i in range(len(magnitude))]
        axes.plot(omega, magnitude, color=colour(phase), linewidth=1.2, label=f"phase {phase}: DC {values['dc_gain']:.3g}")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7, frameon=False)
    spread = filtered["spread"]
    words = "mean 0" if spread is None else f"spread {spread:.3g}"
    plain(axes, f"phases along {axis['axis']} ({words})", "frequency / π, input's rate", counted=False)


def draw_image(axes, response: dict | None, title: str) -> None:
    """An output: a line in 1-D, an image in 2-D, the middle slice in 3-D."""
    if response is None:
        axes.set_axis_off()
        axes.set_title(f"{title}: too large to draw", fontsize=9, loc="left")
        return
    dims, values = response["dims"], response["values"]
    if len(dims) == 1:
        axes.step(range(dims[0]), values, where="mid", color="#0072B2", linewidth=1.2)
        axes.axhline(0, color="#cccccc", linewidth=0.6)
        plain(axes, title, "output")
        return
    rows, columns = dims[-2:]
    first = dims[0] // 2 * rows * columns if len(dims) == 3 else 0
    image = [values[first + row * columns : first + (row + 1) * columns] for row in range(rows)]
    shown = axes.imshow(image, cmap="viridis", interpolation="nearest")
    bar = axes.figure.colorbar(shown, ax=axes)
    bar.ax.tick_params(labelsize=7)
    plain(axes, title + (", middle slice" if len(dims) == 3 else ""))


def distinct(layer: dict) -> list[tuple[dict, dict | None]]:
    """Axes with their filters, those that are alike merged under the letters of all."""
    merged: dict[str, tuple[dict, dict | None]] = {}
    for i, axis in enumerate(layer["axes"]):
        of_kernel = layer["filter"]["axes"][i] if layer["filter"] else None
        key = json.dumps([{**axis, "axis": ""}, {**of_kernel, "axis": ""} if of_kernel else None])
        if key in merged:
            merged[key][0]["axis"] += ", " + axis["axis"]
        else:
            merged[key] = (dict(axis), of_kernel)
    return list(merged.values())


def draw(layer: dict, target: pathlib.Path) -> None:
    """Writes the picture; the suffix (.svg or .png) decides the format. OSError if it cannot be written."""
    pyplot.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "tconv", "font.family": "sans-serif"})
    axes, filtered = distinct(layer), layer["filter"]
    columns = 4 if filtered else 2
    rows = len(axes) + (1 if filtered else 0)
    figure = pyplot.figure(figsize=(3.4 * columns, 2.5 * rows + 0.7), layout="constrained")
    grid = figure.add_gridspec(rows, columns)
    for row, (axis, of_kernel) in enumerate(axes):
        draw_coverage(figure.add_subplot(grid[row, 0]), axis)
        draw_taps(figure.add_subplot(grid[row, 1]), axis, of_kernel)
        if of_kernel:
            draw_response(figure.add_subplot(grid[row, 2]), axis, of_kernel)
            draw_phases(figure.add_subplot(grid[row, 3]), axis, of_kernel)
    title = layer["layer"] or layer["problem"]
    if filtered:
        wide = layer["rank"] == 1
        left, right = (slice(0, 2), slice(2, 4)) if wide else (0, 1)
        draw_image(figure.add_subplot(grid[-1, left]), filtered["impulse"], "response to an impulse")
        draw_image(figure.add_subplot(grid[-1, right]), filtered["constant"], "response to a constant")
        title += f"   kernel {filtered['kernel']}"
    figure.suptitle(title, fontsize=10, parse_math=False)
    metadata = {"Date": None} if target.suffix == ".svg" else None
    figure.savefig(target, dpi=PIXELS_PER_INCH, metadata=metadata)
    pyplot.close(figure)
