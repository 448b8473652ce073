"""scripts/annotate on a small profile: percentages by hand, bad files in one line."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "annotate"
SECTORS = "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"


def line(ptx_line: int, instruction: str, source, source_line, **counters) -> dict:
    return {"function": "k", "module": "m", "ptx_line": ptx_line, "instruction": instruction, "source": source,
            "source_line": source_line, "counters": counters}


def profile(source: str) -> dict:
    lines = [
        line(10, "ld.global.f32", source, 2, ptx__warp_instructions=30, ptx__lane_instructions=960, **{SECTORS: 120}),
        line(11, "add.f32", source, 2, ptx__warp_instructions=30, ptx__lane_instructions=480),
        line(12, "ret", source, 3, ptx__warp_instructions=20, ptx__lane_instructions=640),
        line(9, "mov.u32", None, None, ptx__warp_instructions=20, ptx__lane_instructions=640),
    ]
    totals = {"ptx__warp_instructions": 100, "ptx__lane_instructions": 2720, SECTORS: 120,
              "l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum": 30}
    kernel = {"kernel": "_Z1kv", "demangled": "k()", "launches": 2, "counters": totals, "lines": lines}
    return {"schema": "ptxvm-profile/1", "device": "a100-sxm", "kernels": [kernel]}


class Annotate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_on(self, content, *options: str) -> subprocess.CompletedProcess:
        path = self.folder / "p.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return subprocess.run([sys.executable, SCRIPT, path, *options], capture_output=True, text=True, check=False)

    def test_lines_stand_beside_their_source(self):
        source = self.folder / "k.cu"
        source.write_text("__global__ void k() {\n  sum += x[i];\n}\n", encoding="utf-8")
        done = self.run_on(profile(str(source)))
        self.assertEqual(done.returncode, 0, done.stderr)
        hot = next(text for text in done.stdout.splitlines() if "sum += x[i];" in text)
        # 60 of 100 warp instructions, 1440 / 60 lanes, 120 sectors, line 2; marked as hot
        self.assertEqual(hot.split()[:6], [">", "60.0%", "60", "24.0", "120", "2"])
        self.assertIn("4.00 per request", done.stdout)
        self.assertIn("27.2 active lanes", done.stdout)
        self.assertIn("m (PTX)", done.stdout)

    def test_ptx_lines_and_other_counters(self):
        done = self.run_on(profile("gone.cu"), "--ptx", f"--by={SECTORS}")
        self.assertIn("100.0%  m (PTX):10", done.stdout)
        self.assertIn("ld.global.f32", done.stdout)

    def test_source_that_is_gone_shows_instructions(self):
        self.assertIn("ld.global.f32  add.f32", self.run_on(profile("gone.cu")).stdout)

    def test_bad_input_is_one_line(self):
        for content, options, message in (
            ("{", [], "not valid JSON"),
            ({"schema": "other/1"}, [], "not a profile of schema ptxvm-profile/1"),
            (profile("gone.cu"), ["--kernel=zzz"], "no kernel with 'zzz'"),
            (profile("gone.cu"), ["--by=zzz"], "no line counted that"),
        ):
            with self.subTest(message):
                done = self.run_on(content, *options)
                self.assertEqual(done.returncode, 2)
                self.assertEqual(len(done.stderr.splitlines()), 1)
                self.assertIn(message, done.stderr)


if __name__ == "__main__":
    unittest.main()
