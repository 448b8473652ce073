"""The page: gathers what the template shows."""

import pathlib

import jinja2

from tconv_report import charts
from tconv_report.results import METRICS, Row, Run

SECTORS = next(metric for metric in METRICS if metric.key == "sectors")
# Thresholds of the matrix's shading by executed/needed MACs.
GOOD, FAIR = 1.25, 2.5


def number(value: float | int | None) -> str:
    """1234567 -> 1.23 M: three digits are what a reader compares."""
    if value is None:
        return "–"
    for limit, suffix in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{suffix}"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def shade(row: Row) -> str:
    if row.status != "PASSED":
        return row.status.lower()
    ratio = row.metric(METRICS[0])
    if ratio is None:
        return "plain"
    return "good" if ratio <= GOOD else "fair" if ratio <= FAIR else "poor"


def fusion(rows: list[Row]) -> list[dict]:
    """Fused beside unfused: per strategy and layer, what both rows cost and what fusing saves. Time on a GPU, else sectors."""
    cells = {(row.strategy, row.layer): row for row in rows if row.status == "PASSED"}
    pairs = []
    for (strategy, layer), fused in cells.items():
        unfused = cells.get((strategy + "_unfused", layer))
        if unfused is None:
            continue
        timed = fused.median_us is not None and unfused.median_us is not None
        before, after = ((row.median_us if timed else row.metric(SECTORS)) for row in (unfused, fused))
        if before and after is not None:
            pairs.append({"strategy": strategy, "layer": layer, "fused": after, "unfused": before,
                          "unit": "µs" if timed else "sectors", "saved": 1 - after / before})
    return pairs


def cost(row: Row) -> float | None:
    """What ranks rows of one layer: measured time where there is one, else the bound."""
    return row.median_us if row.median_us is not None else (row.bound or {}).get("us")


def alternatives(run: Run) -> list[dict]:
    """Per layer and operator (transposed convolution, resize then convolve, pixel shuffle) its cheapest strategy; layers with several operators."""
    best: dict[tuple, Row] = {}
    for row in run.rows:
        if row.status != "PASSED" or row.epilogue != "none" or row.op in ("dgrad", "wgrad") or cost(row) is None:
            continue
        key = (row.layer, row.problem, row.dtype, row.layout, row.op)
        if key not in best or cost(row) < cost(best[key]):
            best[key] = row
    layers: dict[tuple, list[Row]] = {}
    for key, row in best.items():
        layers.setdefault(key[:-1], []).append(row)
    return [{"layer": key[0], "dtype": key[2], "layout": key[3], "rows": rows} for key, rows in layers.items() if len(rows) > 1]


def in_pairs(names: list[str]) -> list[str]:
    """Each X_unfused behind its X."""
    return sorted(names, key=lambda name: (names.index(name.removesuffix("_unfused")) if name.removesuffix("_unfused") in names
                                           else names.index(name), name))


def section(run: Run, configuration: tuple[str, str, str]) -> dict:
    """One matrix with its charts: all rows of an (op, dtype, layout)."""
    rows = run.of(configuration)
    layers = list(dict.fromkeys(row.layer for row in rows))
    names = in_pairs(list(dict.fromkeys(row.strategy for row in rows)))
    counted = [name for name in names if any(r.strategy == name and r.status != "SKIPPED" for r in rows)]
    palette = charts.styles(counted)
    pictures = [(metric, charts.bars(rows, metric, layers, palette, " / ".join(configuration))) for metric in METRICS]
    return {
        "title": " / ".join(configuration),
        "layers": layers,
        "strategies": counted + [name for name in names if name not in counted],  # what ran comes first
        "cells": {(row.layer, row.strategy): row for row in rows},
        "problems": {row.layer: row.problem for row in rows},
        "rows": rows,
        "fusion": fusion(rows),
        "charts": [(metric, svg) for metric, svg in pictures if svg],
    }


def skips(run: Run) -> list[tuple[str, str, list[str]]]:
    """(strategy, reason, layers): every skip, grouped so that a reason is read once."""
    groups: dict[tuple[str, str], list[str]] = {}
    for row in run.rows:
        if row.status == "SKIPPED":
            groups.setdefault((row.strategy, row.reason or "no reason given"), []).append(row.layer)
    return [(strategy, reason, layers) for (strategy, reason), layers in sorted(groups.items())]


def render(run: Run) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(pathlib.Path(__file__).parent),
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )
    environment.filters["number"] = number
    environment.globals["shade"] = shade
    return environment.get_template("page.html.j2").render(
        run=run,
        context=run.context,
        sections=[section(run, configuration) for configuration in run.configurations],
        metrics=METRICS,
        skips=skips(run),
        alternatives=alternatives(run),
        sectors=SECTORS,
        troubles=[row for row in run.rows if row.status in ("FAILED", "ERROR", "MISTRUSTED")],
    )
