"""Registers, spills and occupancy of a row's kernels: what scripts/ptxas_info wrote, and an SM's limits."""

import dataclasses
import json
import pathlib

SCHEMA = "ptxas-info/1"
WARP = 32
REGISTER_UNIT = 256  # registers are given to warps in this many (CUDA occupancy calculator, compute capability 7.0 and later)
RESERVED_SHARED = 1024  # of each block, compute capability 8.0 and later


@dataclasses.dataclass(frozen=True)
class Occupancy:
    """Of the kernel of a row that has the fewest warps resident."""

    registers: int
    spill_bytes: int
    percent: float
    limiter: str


def load(path: pathlib.Path) -> dict:
    """{mangled name: what ptxas said}; empty if there is no such file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        return {}
    return document["kernels"] if document.get("schema") == SCHEMA else {}


def of_kernel(launch: dict, kernel: dict, limits: dict) -> Occupancy:
    warps = -(-launch["threads"] // WARP)
    registers = -(-kernel["registers"] * WARP // REGISTER_UNIT) * REGISTER_UNIT * warps
    shared = launch["shared"] + (RESERVED_SHARED if limits["compute_capability"] >= 80 else 0)
    blocks = {
        "threads": limits["threads"] // (warps * WARP),
        "blocks": limits["blocks"],
        "registers": limits["registers"] // registers if registers else limits["blocks"],
        "shared memory": limits["shared"] // shared if shared else limits["blocks"],
    }
    limiter = min(blocks, key=blocks.get)
    return Occupancy(
        kernel["registers"], kernel["spill_store_bytes"] + kernel["spill_load_bytes"],
        100 * blocks[limiter] * warps / (limits["threads"] // WARP), limiter)


def of_row(launches: list | None, kernels: dict, limits: dict | None) -> Occupancy | None:
    """None: not measured."""
    if not launches or not limits:
        return None
    known = [of_kernel(launch, kernels[launch["kernel"]], limits) for launch in launches if launch["kernel"] in kernels and launch["threads"]]
    return min(known, key=lambda o: o.percent) if len(known) == len(launches) else None
