#!/usr/bin/env python3
"""Every source has the form that clang-format 14 gives it, its own header first, and one style of includes.

Another version of clang-format breaks lines elsewhere: without version 14 the first check is skipped."""
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOPS = ("pixel_kernels", "src", "include", "tools", "tests", "bench")


def clang_format_14():
    for name in ("clang-format-14", "clang-format"):
        program = shutil.which(name)
        if program and "version 14." in subprocess.run([program, "--version"], capture_output=True, text=True).stdout:
            return program
    return None


def problems_of_includes(path, text):
    where = path.relative_to(ROOT)
    includes = re.findall(r'^#include ([<"])([^>"]+)[>"]', text, re.M)
    for quote, header in includes:
        if quote == '"' and header.startswith("al_mpi/") and (ROOT / "include" / header).exists():
            yield f'{where}: {header} is a public header: write <{header}>'
        if quote == "<" and (path.parent / header).exists():
            yield f'{where}: {header} lies beside the file: write "{header}"'
    if path.name != "catch.hpp" and re.search(r"<catch2/|Catch::Matchers", text):
        yield f'{where}: take Catch2 by "catch.hpp", which has the names that its versions 2 and 3 share'
    if path.suffix == ".cpp" and includes:
        own = [header for _, header in includes if pathlib.Path(header).name == path.stem + ".hpp" and
               (header.startswith("al_mpi/") or (path.parent / header).exists())]
        if len(own) == 1 and includes[0][1] != own[0]:
            yield f"{where}: includes {own[0]} first, so that a header which lacks an include does not compile"


def problems_of_comments(path, text):
    """A comment behind code goes on in a line of its own: it belongs above the code."""
    lines = text.split("\n")
    for number, (line, following) in enumerate(zip(lines, lines[1:]), 2):
        behind = re.match(r"\s*[^\s/].*?(///<) ", line)
        if behind and re.match(r"\s+///< ", following) and following.index("///<") == line.index("///<"):
            yield f"{path.relative_to(ROOT)}:{number}: a comment of several lines stands above what it is about"


def main():
    files = [path for top in TOPS for suffix in ("*.cpp", "*.hpp") for path in sorted((ROOT / top).rglob(suffix))]
    problems = []
    for path in files:
        text = path.read_text()
        problems += [*problems_of_includes(path, text), *problems_of_comments(path, text)]
    program = clang_format_14()
    if program:
        run = subprocess.run([program, "--dry-run", *files], capture_output=True, text=True)
        problems += sorted({f"{line.split(':')[0]}: not as clang-format -i writes it"
                            for line in run.stderr.splitlines() if "warning:" in line})
    print("\n".join(problems) if problems else f"{len(files)} files have the form")
    if problems:
        return 1
    return 0 if program else 77


if __name__ == "__main__":
    sys.exit(main())
