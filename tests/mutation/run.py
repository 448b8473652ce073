#!/usr/bin/env python3
"""Plants the bugs of bugs.toml one at a time in a scratch copy of the tree and checks that the named test notices.

    tests/mutation/run.py [--only=REGEX] [--list] [--scratch=DIR] [--jobs=N]

Each row must be caught: the tree still builds and the test, which passes without the bug, fails. Prints the table as Markdown;
exit status 1 if a bug got through, 2 if a row is stale (its text is not in its file exactly once, or it does not build).
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

try:
    import tomllib
except ModuleNotFoundError:  # before Python 3.11
    import tomli as tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUGS = pathlib.Path(__file__).with_name("bugs.toml")
TEST_SECONDS = 600


class Stale(Exception):
    """A row that does not fit the code any more."""


def read_bugs(path=BUGS):
    with open(path, "rb") as file:
        bugs = tomllib.load(file)["bug"]
    names = [bug["name"] for bug in bugs]
    if len(set(names)) != len(names):
        raise Stale("two rows have the same name")
    return bugs


def planted(tree, bug):
    """The file of a row with the bug in it."""
    text = (tree / bug["file"]).read_text()
    if text.count(bug["old"]) != 1:
        raise Stale(f"{bug['name']}: {bug['file']} has its text {text.count(bug['old'])} times, must be once")
    return text.replace(bug["old"], bug["new"])


class Scratch:
    """A copy of the tracked files, with a build folder of its own."""

    def __init__(self, folder, jobs):
        self.tree, self.jobs = folder, jobs
        self.tree.mkdir(parents=True, exist_ok=True)
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
        for name in filter(None, listed.split("\0")):
            self.bring(pathlib.Path(name))
        if not (self.tree / ".git").exists():
            subprocess.run(["git", "init", "-q"], cwd=self.tree, check=True)
        self.command(["cmake", "--preset", "virtual"])

    def bring(self, name):
        """Only what differs, so that the build stays warm."""
        source, copy = ROOT / name, self.tree / name
        if not source.is_file() or (copy.exists() and copy.read_bytes() == source.read_bytes()):
            return
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)

    def command(self, words):
        result = subprocess.run(words, cwd=self.tree, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise Stale("\n".join((result.stdout + result.stderr).splitlines()[-15:]))

    def build(self, targets):
        self.command(["ninja", "-C", "build", f"-j{self.jobs}", *targets])

    def fails(self, bug):
        """None if the test of a row passes, else its last words."""
        found = next(self.tree.glob(f"build/**/{bug['test']}"))
        filters = [f"--gtest_filter={bug['filter']}"] if "filter" in bug else []
        environment = os.environ | {"LD_LIBRARY_PATH": str(self.tree / "build/virtual")}
        try:
            result = subprocess.run([found, *filters], cwd=self.tree, env=environment, capture_output=True, text=True,
                                    errors="replace", timeout=TEST_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return "ran out of time"
        if "0 tests from 0 test suites ran" in result.stdout:
            raise Stale(f"{bug['name']}: {bug['test']} has no test {bug['filter']}")
        if result.returncode == 0:
            return None
        failed = re.findall(r"^\[  FAILED  \] ([\w/.]+)", result.stdout, re.MULTILINE)
        return failed[0] if failed else f"exit status {result.returncode}"


def targets(bug):
    return [bug["test"], *bug.get("build", [])]


def catch(scratch, bug):
    """What caught the bug, or None."""
    path = scratch.tree / bug["file"]
    whole = path.read_text()
    path.write_text(planted(scratch.tree, bug))
    try:
        scratch.build(targets(bug))
        return scratch.fails(bug)
    finally:
        path.write_text(whole)


def pattern(text):
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not a regular expression ({error})") from None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=pattern, default="", metavar="REGEX", help="rows whose name contains a match")
    parser.add_argument("--list", action="store_true", help="check that every row fits its file, print the rows, plant nothing")
    parser.add_argument("--scratch", type=pathlib.Path, default=ROOT / "build/mutation")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    bugs = [bug for bug in read_bugs() if options.only.search(bug["name"])]
    if not bugs:
        parser.error(f"--only: no row's name matches '{options.only.pattern}'")
    for bug in bugs:
        planted(ROOT, bug)
    if options.list:
        print("\n".join(f"{bug['name']:<36} {bug['file']:<40} {bug['test']}" for bug in bugs))
        return 0

    scratch = Scratch(options.scratch.resolve(), options.jobs)
    scratch.build(sorted({target for bug in bugs for target in targets(bug)}))
    for bug in bugs:
        if (cause := scratch.fails(bug)) is not None:
            raise Stale(f"{bug['name']}: {bug['test']} fails without the bug: {cause}")
    print("| bug | in | what it does | caught by |\n|---|---|---|---|", flush=True)
    escaped = 0
    for bug in bugs:
        begin = time.monotonic()
        caught = catch(scratch, bug)
        escaped += caught is None
        print(f"| {bug['name']} | {bug['file']} | {bug['what']} | {caught or '**nobody**'} |", flush=True)
        print(f"{bug['name']}: {time.monotonic() - begin:.0f} s", file=sys.stderr)
    print(f"{len(bugs) - escaped} of {len(bugs)} caught")
    return 1 if escaped else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Stale as stale:
        print(f"mutation: {stale}", file=sys.stderr)
        sys.exit(2)
