"""scripts/virtual: options become the machine's settings, and what cannot run gets one clear line."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Virtual(unittest.TestCase):
    def setUp(self):
        # A tree with a drop-in in its build folder, so that nothing is built here.
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.tree = pathlib.Path(self.folder.name)
        (self.tree / "build/virtual").mkdir(parents=True)
        (self.tree / "build/virtual/libcudart.so.13").touch()
        shutil.copytree(ROOT / "scripts", self.tree / "scripts")

    def run_it(self, *arguments):
        return subprocess.run([self.tree / "scripts/virtual", *arguments], capture_output=True, text=True, check=False)

    def refused(self, *arguments):
        done = self.run_it(*arguments)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr

    def test_options_and_arguments_arrive(self):
        show = 'echo "$PTXVM_THREADS $PTXVM_CHECK $PTXVM_DEVICE $PTXVM_PROFILE $1 ${LD_LIBRARY_PATH%%:*}"'
        done = self.run_it("--threads=3", "--check=mem,race", "--device=l40s", "--profile=p.json", "sh", "-c", show, "sh", "--x")
        self.assertEqual(done.stdout, f"3 mem,race l40s p.json --x {self.tree}/build/virtual\n", done.stderr)

    def test_every_option_is_a_setting_and_has_help(self):
        settings = {
            "--check=all": "PTXVM_CHECK=all",
            "--check-json=f.json": "PTXVM_CHECK_JSON=f.json",
            "--go-on": "PTXVM_CHECK_ACTION=report",
            "--profile=p.json": "PTXVM_PROFILE=p.json",
            "--model=cache": "PTXVM_MODEL=cache",
            "--threads=2": "PTXVM_THREADS=2",
            "--device=t4": "PTXVM_DEVICE=t4",
            "--memory=4G": "PTXVM_MEMORY=4G",
            "--timeout=7": "PTXVM_TIMEOUT=7",
        }
        done = self.run_it(*settings, "env")
        self.assertEqual({s for s in done.stdout.splitlines() if s.startswith("PTXVM_")}, set(settings.values()), done.stderr)
        help_text = self.run_it("--help").stdout
        for option in settings:
            self.assertIn(f"  {option.split('=')[0]}", help_text)

    def test_the_status_is_the_programs(self):
        self.assertEqual(self.run_it("sh", "-c", "exit 7").returncode, 7)

    def test_what_cannot_run(self):
        self.assertIn("no such program", self.refused("/nowhere/a.out"))
        self.assertIn("is a folder", self.refused(str(self.tree)))
        plain = self.tree / "plain"
        plain.touch()
        self.assertIn("is not executable", self.refused(str(plain)))
        self.assertIn("--frob", self.refused("--frob", "true"))
        self.assertIn("--threads=0", self.refused("--threads=0", "true"))
        self.assertIn("--model=disk", self.refused("--model=disk", "true"))

    @unittest.skipUnless(shutil.which("cc") and shutil.which("readelf"), "needs a compiler and binutils")
    def test_who_is_linked_with_the_driver_finds_one(self):
        driver, program = self.tree / "build/virtual/driver", self.tree / "a.out"
        driver.mkdir()
        compile_it = ["cc", "-x", "c", "-", f"-L{driver}"]
        library = ["-shared", "-Wl,-soname,libcuda.so.1", "-o", str(driver / "libcuda.so.1")]
        subprocess.run(compile_it + library, input="int cuInit(unsigned f) { return 7 + f; }", text=True, check=True)
        main = "int cuInit(unsigned); int main(void) { return cuInit(0); }"
        subprocess.run(compile_it + ["-o", str(program), "-l:libcuda.so.1"], input=main, text=True, check=True)
        self.assertEqual(self.run_it(str(program)).returncode, 7)

    @unittest.skipUnless(shutil.which("objcopy") and shutil.which("readelf"), "needs binutils")
    def test_device_code_without_a_shared_runtime_names_the_flag(self):
        program = self.tree / "a.out"
        code = self.tree / "code"
        code.write_bytes(b"\0" * 16)
        copy = ["objcopy", f"--add-section=.nv_fatbin={code}", shutil.which("true"), str(program)]
        subprocess.run(copy, check=True)
        self.assertIn("nvcc -cudart shared", self.refused(str(program)))


if __name__ == "__main__":
    unittest.main()
