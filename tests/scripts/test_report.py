"""The report on small documents: what a reader must find in it, and what a bad file must say."""

import json
import pathlib
import re
import tempfile
import unittest
from html.parser import HTMLParser

from make_run import document, row
from tconv_report import charts, excerpt, page, results, support
from tconv_report.results import METRICS, ResultsError


def load(value) -> results.Run:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "results.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        return results.load(path)


class TextOf(HTMLParser):
    """Visible text and the tags' balance."""

    VOID = {"meta", "link", "br", "img", "use", "path", "rect"}

    def __init__(self, html: str):
        super().__init__()
        self.open, self.words, self.external = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name in ("src", "href") and value and value.startswith("http"):
                self.external.append(value)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data):
        self.words.append(data)


class Loading(unittest.TestCase):
    def test_a_bad_file_is_one_clear_line(self):
        cases = {
            "{": "not valid JSON",
            '{"schema": "other/9"}': "schema is 'other/9', must be 'tconv-results/1'",
            "[1]": "schema is 'list'",
            json.dumps(document([{"op": "fprop"}])): "results[0] lacks 'strategy'",
            json.dumps(document([row("a:1", "gather", status="GREEN")])): "results[0].status is 'GREEN'",
            '{"schema": "tconv-results/1", "results": [NaN]}': "NaN is not JSON",
        }
        for text, message in cases.items():
            with self.subTest(message), self.assertRaises(ResultsError) as raised:
                load(text)
            self.assertIn(message, str(raised.exception))
            self.assertNotIn("\n", str(raised.exception))

    def test_a_missing_file_names_the_path(self):
        with self.assertRaisesRegex(ResultsError, "nowhere.json: No such file"):
            results.load(pathlib.Path("nowhere.json"))


class Metrics(unittest.TestCase):
    def test_values_come_from_the_documented_counters(self):
        values = {m.key: load(document([row("a:1", "gather")])).rows[0].metric(m) for m in METRICS}
        self.assertEqual(values, {"mac_ratio": 1.5, "sectors": 32.0, "wavefronts": 7.0, "atomics": 0.0})

    def test_skipped_rows_and_unknown_macs_have_none(self):
        skipped = load(document([row("a:1", "cudnn", status="SKIPPED", reason="no GPU", work={})])).rows[0]
        self.assertEqual([skipped.metric(m) for m in METRICS], [None] * len(METRICS))
        vendor = load(document([row("a:1", "cudnn", work={"flops_needed": 2000, "macs_executed": -1})])).rows[0]
        self.assertIsNone(vendor.metric(METRICS[0]))


class Page(unittest.TestCase):
    def setUp(self):
        self.run_ = load(document([
            row("dcgan:2", "gather"),
            row("dcgan:2", "cudnn", status="SKIPPED", reason="cuDNN needs an NVIDIA GPU"),
            row("unet:1", "gather", status="FAILED", reason="y[0][1][2] is 3, must be 4"),
            row("unet:1", "cudnn", status="SKIPPED", reason="cuDNN needs an NVIDIA GPU"),
        ]))
        self.html = page.render(self.run_)
        self.page = TextOf(self.html)
        self.text = " ".join(" ".join(self.page.words).split())

    def test_is_balanced_and_self_contained(self):
        self.assertEqual(self.page.open, [])
        self.assertEqual([link for link in self.page.external if "w3.org" not in link], [])

    def test_shows_cells_bounds_reasons_and_failures(self):
        for words in ("1.50 ×", "≥ 3.5 µs · dram", "4.25", "model, µs", "It is no limit", "cuDNN needs an NVIDIA GPU", "dcgan:2, unet:1",
                      "y[0][1][2] is 3, must be 4", "1 PASSED, 1 FAILED, 2 SKIPPED", "Nothing on this page is a time"):
            self.assertIn(words, self.text)

    def test_escapes_what_rows_say(self):
        html = page.render(load(document([row("a:1", "gather", status="ERROR", reason="<script>alert(1)</script>")])))
        self.assertNotIn("<script>", html)

    def test_a_gpu_run_shows_medians(self):
        time = {"cold": {"median": 12.25}, "hot": None, "graph": None, "prepare_us": 1.0}
        html = page.render(load(document([row("a:1", "gather", time=time)], backend="cuda", device="NVIDIA H100")))
        self.assertIn("12.25 µs", html)
        self.assertNotIn("Nothing on this page is a time", html)


class Charts(unittest.TestCase):
    def test_no_two_strategies_look_alike_and_twins_share_a_colour(self):
        names = [f"method_{i}" for i in range(12)] + ["method_1_unfused"]
        styles = charts.styles(names)
        self.assertEqual(len({(style["color"], style["hatch"]) for style in styles.values()}), len(names))
        self.assertEqual(styles["method_1"]["color"], styles["method_1_unfused"]["color"])

    def test_ids_of_a_page_are_unique_and_its_references_resolve(self):
        html = page.render(load(document([row("a:1", "gather"), row("a:1", "gather", dtype="f16")])))
        ids = re.findall(r' id="([^"]*)"', html)
        self.assertEqual(len(ids), len(set(ids)))
        references = set(re.findall(r'(?:url\(#|href="#)([^")]*)', html))
        self.assertTrue(references)
        self.assertLessEqual(references, set(ids))

    def test_a_long_legend_does_not_widen_the_picture(self):
        widths = []
        for count in (2, 16):
            html = page.render(load(document([row("a:1", f"strategy_with_a_long_name_{i:02}") for i in range(count)])))
            widths.append(max(int(width) for width in re.findall(r'<svg[^>]*max-width: (\d+)px', html)))
        self.assertLess(widths[1], 1.3 * widths[0])


class Epilogues(unittest.TestCase):
    def test_have_a_section_of_their_own_with_fused_beside_unfused(self):
        counters = {"l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum": 40}
        run = load(document([
            row("dcgan:2", "gather"),
            row("dcgan:2", "gather", epilogue="bias_relu"),
            row("dcgan:2", "gather_v2", epilogue="bias_relu"),
            row("dcgan:2", "gather_unfused", epilogue="bias_relu", counters=counters),
        ]))
        self.assertEqual(run.configurations, [("fprop", "f32", "nchw"), ("fprop+bias_relu", "f32", "nchw")])
        section = page.section(run, run.configurations[1])
        self.assertEqual(section["strategies"], ["gather", "gather_unfused", "gather_v2"])
        text = " ".join(" ".join(TextOf(page.render(run)).words).split())
        self.assertIn("dcgan:2 gather 32 sectors 40 sectors 20 %", text)


class Alternatives(unittest.TestCase):
    def test_stand_beside_the_transposed_convolution_of_the_layer(self):
        cheap, dear = {"us": 2.5, "limiter": "fma", "floor_us": 1.0, "efficiency": 0.4}, {"us": 9, "limiter": "l1", "floor_us": 1.0, "efficiency": 0.1}
        work = {"flops_needed": 6000, "macs_executed": 3000, "workspace_bytes": 0}
        run = load(document([
            row("dcgan:2", "gather"),
            row("dcgan:2", "resize_nearest_conv", op="resize_nearest", bound=dear, work=work),
            row("dcgan:2", "resize_nearest_fused", op="resize_nearest", bound=cheap, work=work),
            row("dcgan:2", "gather_dx", op="dgrad"),
            row("unet:1", "gather"),
        ]))
        groups = page.alternatives(run)
        self.assertEqual([[r.strategy for r in g["rows"]] for g in groups], [["gather", "resize_nearest_fused"]])
        text = " ".join(" ".join(TextOf(page.render(run)).words).split())
        self.assertIn("resize_nearest resize_nearest_fused 3 k 1.00 32 0 2.5 · fma", text)

    def test_are_no_section_of_a_run_without_them(self):
        self.assertNotIn("Instead of a transposed", page.render(load(document([row("dcgan:2", "gather")]))))


class Support(unittest.TestCase):
    CELLS = [
        {"op": "fprop", "strategy": "gather", "dtype": "f32", "layout": "nchw", "taken": ["1-D k = s", "1-D dilated"], "refused": [], "fuses": True},
        {"op": "fprop", "strategy": "gather", "dtype": "f16", "layout": "nchw", "taken": ["1-D k = s"],
         "refused": [{"reason": "no dilation", "features": ["1-D dilated"]}], "fuses": "fuses none"},
        {"op": "fprop", "strategy": "cudnn", "dtype": "f32", "layout": "nchw", "taken": [],
         "refused": [{"reason": "needs a GPU", "features": ["1-D k = s", "1-D dilated"]}], "fuses": "fuses none"},
        {"op": "fprop", "strategy": "cudnn", "dtype": "f16", "layout": "nchw", "taken": [],
         "refused": [{"reason": "needs a GPU", "features": ["1-D k = s", "1-D dilated"]}], "fuses": "fuses none"},
    ]

    def load(self, value):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "support.json"
            path.write_text(json.dumps(value), encoding="utf-8")
            return support.load(path)

    def test_is_a_matrix_with_numbered_reasons(self):
        run = load(document([row("dcgan:2", "gather")]))
        features = [{"name": name, "problem": ""} for name in ("1-D k = s", "1-D dilated")]
        run.support = self.load({"schema": "tconv-support/1", "features": features, "cells": self.CELLS})
        text = " ".join(" ".join(TextOf(page.render(run)).words).split())
        self.assertIn("strategy f32 nchw f16 nchw fprop gather all + 1 of 2 [1] fprop cudnn no [2] no [2] no dilation needs a GPU", text)

    def test_a_report_does_without(self):
        self.assertIsNone(self.load({"schema": "other/1"}))
        self.assertIsNone(support.load(pathlib.Path("nowhere.json")))
        self.assertNotIn("What each strategy takes", page.render(load(document([row("dcgan:2", "gather")]))))


class Excerpt(unittest.TestCase):
    def write(self, text: str) -> str:
        run = load(document([row("dcgan:2", "gather"), row("unet:1", "gather", status="FAILED")]))
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "README.md"
            path.write_text(text, encoding="utf-8")
            excerpt.write(run, path)
            return path.read_text(encoding="utf-8")

    def test_replaces_what_stood_between_the_markers(self):
        text = self.write("before\n<!-- excerpt -->\nold\n<!-- /excerpt -->\nafter")
        self.assertTrue(text.startswith("before\n<!-- excerpt -->\n| layer | gather |"))
        self.assertIn("| dcgan:2 | 1.50×, ≥ 3.5 µs dram |", text)
        self.assertIn("| unet:1 | FAILED |", text)
        self.assertTrue(text.endswith("<!-- /excerpt -->\nafter"))
        self.assertNotIn("old", text)

    def test_a_file_without_markers_is_refused(self):
        with self.assertRaisesRegex(ResultsError, "has no <!-- excerpt -->"):
            self.write("no markers")


if __name__ == "__main__":
    unittest.main()
