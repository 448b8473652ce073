"""Command line: report [RESULTS.json] [--out=FILE.html] [--excerpt=FILE.md]."""

import argparse
import pathlib
import sys

from tconv_report import excerpt, occupancy, page, results, support

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="report", description="Write a self-contained HTML report of a tconv-results/1 file."
    )
    parser.add_argument("results", nargs="?", type=pathlib.Path, default=BUILD / "results" / "latest.json")
    parser.add_argument("--out", type=pathlib.Path, default=BUILD / "report" / "index.html")
    parser.add_argument("--excerpt", type=pathlib.Path, metavar="FILE.md",
                        help="also write a short table between the markers of a Markdown file")
    arguments = parser.parse_args()
    try:
        run = results.load(arguments.results)
        run.kernels = occupancy.load(arguments.results.parent / "ptxas.json")
        run.support = support.load(arguments.results.parent / "support.json")
        if arguments.excerpt:
            excerpt.write(run, arguments.excerpt)
    except results.ResultsError as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(page.render(run), encoding="utf-8")
    return 0


sys.exit(main())
