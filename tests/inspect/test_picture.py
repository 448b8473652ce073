"""Pictures drawn from what the program says: they are made for every kind of layer, and show the pattern."""

import contextlib
import io
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from tconv_inspect import __main__ as command

PROGRAM = os.environ["TCONV_INSPECT"]


class Picture(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def draw(self, arguments: str, name: str) -> tuple[int, str]:
        """Exit status and standard error of the drawing program."""
        report = self.folder / "report.json"
        subprocess.run([PROGRAM, *arguments.split(), "--format=json", f"--out={report}"], check=True)
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            status = command.main([str(report), str(self.folder / name)])
        return status, said.getvalue()

    def test_every_rank_with_and_without_kernel(self):
        kernel = " --kernel=random:1"
        for arguments in (
            "mb1ic1iw8oc1kw3sw2" + kernel,
            "mb1ic1ih8oc1kh4sh2ph1",
            "mb1ic1id4oc1kd3sd2" + kernel,
            "mb1ic1iw5000oc1kw64sw70" + kernel,
        ):
            with self.subTest(arguments):
                self.assertEqual(self.draw(arguments, "picture.png"), (0, ""))
                self.assertTrue((self.folder / "picture.png").read_bytes().startswith(b"\x89PNG"))

    def test_names_phases_and_tells_alike_axes_once(self):
        self.assertEqual(self.draw("mb1ic1ih8oc1kh3sh2 --kernel=ones", "picture.svg"), (0, ""))
        svg = (self.folder / "picture.svg").read_text(encoding="utf-8")
        words = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
        self.assertIn("phase 0: DC 3", words)  # two ones along an axis, the other adds 3/2
        self.assertIn("phase 1: DC 1.5", words)
        self.assertIn("taps per output, axis h, w (variance 0.25)", words)
        self.assertIn("response to a constant", words)

    def test_same_report_same_picture(self):
        pictures = []
        for name in ("a.svg", "b.svg"):
            self.draw("mb1ic1iw8oc1kw3sw2 --kernel=bilinear", name)
            pictures.append((self.folder / name).read_bytes())
        self.assertEqual(*pictures)

    def test_refuses_with_one_line_and_status_2(self):
        for arguments, name, says in (
            ("mb1ic1iw8oc1kw3", "picture.gif", ".svg, .png"),
            ("mb1ic1iw8oc1kw3", "nowhere/picture.svg", "cannot write"),
            ("mb1ic1iw8oc1kw3 mb1ic1iw8oc1kw4", "picture.svg", "2 are given"),
        ):
            with self.subTest(name):
                status, said = self.draw(arguments, name)
                self.assertEqual(status, 2)
                self.assertEqual(said.count("\n"), 1, said)
                self.assertIn(says, said)


if __name__ == "__main__":
    unittest.main()
