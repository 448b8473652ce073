"""tconv-results/1: loading, checking, and the few derived quantities that the report shows."""

import dataclasses
import json
import pathlib

from tconv_report import occupancy, support

SCHEMA = "tconv-results/1"
STATUSES = ("PASSED", "FAILED", "MISTRUSTED", "ERROR", "SKIPPED")


class ResultsError(Exception):
    """A results file that cannot be read; the text says which file and why."""


@dataclasses.dataclass(frozen=True)
class Metric:
    """A quantity per row: the sum of some counters, shown in the table and as a chart."""

    key: str
    title: str
    unit: str
    explanation: str
    counters: tuple[str, ...] = ()


METRICS = (
    Metric("mac_ratio", "Executed / needed MACs", "ratio",
           "Multiply-adds that the strategy executes over those that the operator needs "
           "(valid taps only). 1 is perfect; zero insertion wastes stride^rank."),
    Metric("sectors", "Global-memory sectors", "32-byte sectors",
           "Sectors that the L1 caches serve for loads, stores, atomics and reductions.",
           tuple(f"l1tex__t_sectors_pipe_lsu_mem_global_op_{op}.sum" for op in ("ld", "st", "atom", "red"))),
    Metric("wavefronts", "Shared-memory wavefronts", "wavefronts",
           "Passes over the 32 banks; bank conflicts add to them.",
           tuple(f"l1tex__data_pipe_lsu_wavefronts_mem_shared_op_{op}.sum" for op in ("ld", "st", "atom"))),
    Metric("atomics", "Atomic lanes", "lanes",
           "Lanes that execute an atomic or reduction on global memory.",
           ("ptx__atomic_lanes",)),
)


class Row:
    """One result, with the names that templates use."""

    def __init__(self, data: dict):
        self.data = data
        for name in ("op", "strategy", "dtype", "layout", "problem", "status"):
            setattr(self, name, data[name])
        self.epilogue = data.get("epilogue") or "none"  # rows from before there were epilogues have none
        self.reason = data.get("reason")
        self.repro = data.get("repro", "")
        self.layer = data.get("layer") or data["problem"]
        self.check = data.get("check") or {}
        self.work = data.get("work") or {}
        self.counters = data.get("counters")
        self.launches = data.get("launches")
        self.bound = data.get("bound")
        self.time = data.get("time")

    @property
    def configuration(self) -> tuple[str, str, str]:
        direction = self.op if self.epilogue == "none" else f"{self.op}+{self.epilogue}"
        return (direction, self.dtype, self.layout)

    def metric(self, metric: Metric) -> float | None:
        """None where the row has no such number (skipped, or no counters)."""
        if metric.key == "mac_ratio":
            executed, needed = self.work.get("macs_executed"), self.work.get("flops_needed")
            if not executed or not needed or executed < 0:
                return None
            return executed / (needed / 2)
        if not self.counters:
            return None
        return float(sum(self.counters.get(name, 0) for name in metric.counters))

    @property
    def median_us(self) -> float | None:
        """The cold median where there is one, else the hot one."""
        for block in ("cold", "hot"):
            values = (self.time or {}).get(block)
            if values:
                return values["median"]
        return None


class Run:
    """A whole results file."""

    def __init__(self, context: dict, rows: list[Row]):
        self.context = context
        self.rows = rows
        self.support: support.Matrix | None = None  # of tconv_bench --support-matrix
        self.kernels: dict = {}  # by mangled name, of ptxas (occupancy.py)

    @property
    def virtual(self) -> bool:
        return self.context.get("backend") == "ptxvm"

    def occupancy(self, row: Row) -> occupancy.Occupancy | None:
        return occupancy.of_row(row.launches, self.kernels, self.context.get("sm_limits"))

    @property
    def configurations(self) -> list[tuple[str, str, str]]:
        return list(dict.fromkeys(row.configuration for row in self.rows))

    def of(self, configuration: tuple[str, str, str]) -> list[Row]:
        return [row for row in self.rows if row.configuration == configuration]

    @property
    def counts(self) -> dict[str, int]:
        return {status: sum(row.status == status for row in self.rows) for status in STATUSES}


def load(path: pathlib.Path) -> Run:
    """Raises ResultsError: not there, not JSON, another schema, a row without its fields."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except OSError as error:
        raise ResultsError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ResultsError(f"{path}: not valid JSON: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else type(document).__name__
        raise ResultsError(f"{path}: schema is {found!r}, must be {SCHEMA!r}")
    rows = []
    for number, data in enumerate(document.get("results", [])):
        try:
            row = Row(data)
        except (KeyError, TypeError, AttributeError) as error:
            raise ResultsError(f"{path}: results[{number}] lacks {error}") from error
        if row.status not in STATUSES:
            raise ResultsError(f"{path}: results[{number}].status is {row.status!r}, must be one of {', '.join(STATUSES)}")
        rows.append(row)
    return Run(document.get("context", {}), rows)


def _refuse(word: str):
    raise ValueError(f"{word} is not JSON")
