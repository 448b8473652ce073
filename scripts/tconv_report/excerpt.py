"""The README's excerpt of a run: written between two markers, never typed."""

import pathlib
import re

from tconv_report.results import METRICS, ResultsError, Run

BEGIN, END = "<!-- excerpt -->", "<!-- /excerpt -->"


def table(run: Run, layers: int = 6) -> str:
    """Markdown: the first configuration's first layers; executed/needed MACs, then the bound with its limiter."""
    rows = [row for row in run.of(run.configurations[0]) if row.status != "SKIPPED"]
    names = list(dict.fromkeys(row.strategy for row in rows))
    shown = list(dict.fromkeys(row.layer for row in rows))[:layers]
    cells = {(row.layer, row.strategy): cell(row) for row in rows}
    lines = [f"| {' | '.join(['layer', *names])} |", "|" + "---|" * (len(names) + 1)]
    lines += [f"| {' | '.join([layer, *(cells.get((layer, name), 'refused') for name in names)])} |" for layer in shown]
    what = "executed / needed MACs, strict lower bound" if run.virtual else "median, executed / needed MACs, lower bound"
    return "\n".join(lines + ["", f"({run.context.get('device')}; each cell: {what} for {run.context.get('device_profile')})"])


def cell(row) -> str:
    if row.status != "PASSED":
        return row.status
    ratio = row.metric(METRICS[0])
    parts = [f"{row.median_us:.4g} µs"] if row.median_us is not None else []
    parts += [f"{ratio:.2f}×"] if ratio else []
    parts += [f"≥ {row.bound['us']:.3g} µs {row.bound['limiter']}"] if row.bound else []
    return ", ".join(parts)


def write(run: Run, path: pathlib.Path) -> None:
    """Raises ResultsError if the file has no markers."""
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ResultsError(f"{path}: has no {BEGIN} … {END}")
    body = f"{BEGIN}\n{table(run)}\n{END}"
    path.write_text(re.sub(f"{BEGIN}.*?{END}", lambda _: body, text, flags=re.S), encoding="utf-8")
