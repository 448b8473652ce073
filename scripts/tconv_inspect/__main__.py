"""Command line: tconv_inspect REPORT.json PICTURE.svg|.png (scripts/inspect calls it)."""

import json
import pathlib
import sys

from tconv_inspect import picture


def main(arguments: list[str]) -> int:
    report, target = (pathlib.Path(argument) for argument in arguments)
    if target.suffix not in picture.FORMATS:
        print(f"inspect: --picture: '{target}' must end in one of {', '.join(picture.FORMATS)}", file=sys.stderr)
        return 2
    layers = json.loads(report.read_text(encoding="utf-8"))["layers"]
    if len(layers) != 1:
        print(f"inspect: --picture: draws one layer, {len(layers)} are given", file=sys.stderr)
        return 2
    try:
        picture.draw(layers[0], target)
    except OSError as error:
        print(f"inspect: --picture: cannot write {target}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
