"""Occupancy by hand, and what scripts/ptxas_info reads from ptxas."""

import importlib.machinery
import importlib.util
import pathlib
import unittest

from make_run import document, row
from tconv_report import occupancy, page, results

ROOT = pathlib.Path(__file__).resolve().parents[2]
A100 = {"threads": 2048, "blocks": 32, "registers": 65536, "shared": 164 * 1024, "compute_capability": 80}


def script(name: str):
    loader = importlib.machinery.SourceFileLoader(name, str(ROOT / "scripts" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def kernel(registers: int, spills: int = 0) -> dict:
    return {"registers": registers, "spill_store_bytes": spills, "spill_load_bytes": spills, "stack_bytes": 0, "static_shared": 0}


class Occupancy(unittest.TestCase):
    def check(self, threads, shared, registers, percent, limiter):
        found = occupancy.of_kernel({"threads": threads, "shared": shared}, kernel(registers), A100)
        self.assertAlmostEqual(found.percent, percent)
        self.assertEqual(found.limiter, limiter)

    def test_limits(self):
        self.check(256, 0, 32, 100.0, "threads")  # 8 blocks of 8 warps; 8 * 256 * 32 registers are just 65536
        self.check(256, 0, 64, 50.0, "registers")  # 256 * 64 registers a block: 4 blocks
        self.check(256, 0, 65, 37.5, "registers")  # 65 * 32 = 2080 a warp is given as 2304: 65536 / (8 * 2304) = 3 blocks
        self.check(256, 40 * 1024, 32, 50.0, "shared memory")  # 41 KiB with what is reserved: 4 blocks in 164
        self.check(32, 0, 16, 50.0, "blocks")  # 32 blocks of one warp of 64

    def test_a_row_has_the_worst_of_its_kernels_or_none(self):
        launches = [{"kernel": "a", "threads": 256, "shared": 0}, {"kernel": "b", "threads": 256, "shared": 0}]
        kernels = {"a": kernel(32), "b": kernel(64, spills=8)}
        worst = occupancy.of_row(launches, kernels, A100)
        self.assertEqual((worst.registers, worst.spill_bytes, worst.percent), (64, 16, 50.0))
        self.assertIsNone(occupancy.of_row(launches, {"a": kernel(32)}, A100))
        self.assertIsNone(occupancy.of_row(None, kernels, A100))

    def test_the_report_shows_it_or_says_that_it_was_not_measured(self):
        launches = [{"kernel": "a", "threads": 256, "shared": 0}]
        run = results.Run(document([], sm_limits=A100)["context"], [results.Row(row("a:1", "gather", launches=launches))])
        self.assertIn("not measured", page.render(run))
        run.kernels = {"a": kernel(64)}
        self.assertIn("50 % · registers", page.render(run))


class PtxasInfo(unittest.TestCase):
    def test_reads_every_entry(self):
        kernels = script("ptxas_info").parse("""ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '_Z1av' for 'sm_80'
ptxas info    : Function properties for _Z1av
    16 bytes stack frame, 12 bytes spill stores, 20 bytes spill loads
ptxas info    : Used 255 registers, used 1 barriers, 4096 bytes smem, 360 bytes cmem[0]
ptxas info    : Compiling entry function '_Z1bv' for 'sm_80'
ptxas info    : Function properties for _Z1bv
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 8 registers, 352 bytes cmem[0]
""")
        self.assertEqual(kernels["_Z1av"], {"registers": 255, "spill_store_bytes": 12, "spill_load_bytes": 20, "stack_bytes": 16, "static_shared": 4096})
        self.assertEqual(kernels["_Z1bv"]["registers"], 8)

    def test_modules_are_taken_apart(self):
        text = "//\n.version 8.0\n.target sm_80\na\n.version 8.0\n.target sm_80\nb\n"
        self.assertEqual([part.split()[-1] for part in script("ptxas_info").modules(text)], ["a", "b"])


if __name__ == "__main__":
    unittest.main()
