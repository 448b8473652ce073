"""tconv-support/1: which strategy takes what, as `tconv_bench --support-matrix` found by asking."""

import dataclasses
import json
import pathlib

SCHEMA = "tconv-support/1"


@dataclasses.dataclass(frozen=True)
class Cell:
    taken: int
    of: int
    reasons: tuple[tuple[int, tuple[str, ...]], ...]  # number of the reason, features it refuses
    fuses: bool

    @property
    def shade(self) -> str:
        return "good" if not self.reasons else "fair" if self.taken else "skipped"

    @property
    def title(self) -> str:
        return "; ".join(f"[{number}] {', '.join(features)}" for number, features in self.reasons)


@dataclasses.dataclass
class Matrix:
    """Cells by (op, strategy) and (dtype, layout), with the reasons that they refer to by number."""

    features: list[str]
    rows: list[tuple[str, str]]
    columns: list[tuple[str, str]]
    cells: dict[tuple, Cell]
    reasons: list[str]

    @property
    def kinds(self) -> list[str]:
        """Features without their rank."""
        return list(dict.fromkeys(feature.split("-D ", 1)[-1] for feature in self.features))


def load(path: pathlib.Path) -> Matrix | None:
    """None if there is no such file or it is none of this schema: the report does without."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        return None
    matrix = Matrix([feature["name"] for feature in document["features"]], [], [], {}, [])
    numbers: dict[str, int] = {}
    for data in document["cells"]:
        row, column = (data["op"], data["strategy"]), (data["dtype"], data["layout"])
        reasons = tuple((numbers.setdefault(entry["reason"], len(numbers) + 1), tuple(entry["features"])) for entry in data["refused"])
        matrix.cells[row + column] = Cell(len(data["taken"]), len(matrix.features), reasons, data["fuses"] is True)
        if row not in matrix.rows:
            matrix.rows.append(row)
        if column not in matrix.columns:
            matrix.columns.append(column)
    matrix.reasons = list(numbers)
    return matrix
