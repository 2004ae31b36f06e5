"""
Installs the packages that a model needs and that are not there yet, and compiles what is there, because base images come without:
python3 slipway_install.py REQUIREMENTS FOLDER [PYTHON]. When that fails, its last line says in words which package it is about.
PYTHON is the version of Python that somebody asked for; where another one is here, a line says so.
"""

import compileall
import ctypes
import os
import re
import subprocess
import sys
from importlib import metadata

from slipway_pip_words import why

TESTS = re.compile(r"[/\\](tests?|idlelib|lib2to3|ensurepip)[/\\]")


def main(requirements, folder, python=None):
    with open(requirements, encoding="utf-8") as file:
        wanted = [line.strip() for line in file if line.strip()]
    here = sys.version.split()[0]
    if python and not f"{here}.".startswith(f"{python}."):
        print(f"Python {python} is asked for. The image has Python {here}, and that is used.")
    failed = install(wanted, requirements, folder) or add_openmp()
    if not failed:
        compile_all()
    return failed


def compile_all():
    """A container can not write, so that each of its starts would compile all over again what it imports: with scikit-learn for a second."""
    for place in {os.path.realpath(each) for each in sys.path if os.path.isdir(each)}:
        compileall.compile_dir(place, quiet=2, workers=0, rx=TESTS)


def install(wanted, requirements, folder):
    missing = [need for need in wanted if not is_there(need)]
    if not missing:
        print("All packages are there already.")
        return 0
    print("Installing", ", ".join(missing))
    # All of them, not only what is missing: the packages of the base image are none that these would have to fit.
    failed, output = pip("--prefer-binary", "--target", folder, "--requirement", requirements)
    if failed:
        print("slipway:", why(output, lambda name: versions_of(name, folder)))
    return failed


def add_openmp():
    """LightGBM needs OpenMP's library of the system, which slim images do not have. Answers whether it could not be had."""
    try:
        metadata.version("lightgbm")
        ctypes.CDLL("libgomp.so.1")
    except metadata.PackageNotFoundError:
        return 0
    except OSError:
        print("Installing libgomp1 for LightGBM", flush=True)
        command = "apt-get update -qq && apt-get install -y -qq --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*"
        failed = subprocess.call(["sh", "-c", command])
        if failed:
            print("slipway: LightGBM needs libgomp.so.1, and it could not be installed: take a base image of Debian that has libgomp1.")
        return failed
    return 0


def pip(*options):
    """Runs `pip install` and prints what it prints. Answers whether it failed, and all of that."""
    command = [sys.executable, "-m", "pip", "install", "--no-cache-dir", "--progress-bar", "off", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output = []
    for line in process.stdout:
        print(line, end="", flush=True)
        output.append(line)
    return int(process.wait() != 0), "".join(output)


def versions_of(name, folder):
    """The versions of a package that can be installed without building them: pip lists them when it is asked for one there is not."""
    _, output = pip("--no-deps", "--only-binary", ":all:", "--target", folder, f"{name}<0.dev0")
    listed = re.search(r"\(from versions: ([^)]*)\)", output)
    return listed.group(1).split(", ") if listed else []


def is_there(need):
    """Whether a package is there in a version that is asked for."""
    from pip._vendor.packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(need)
    except InvalidRequirement:
        # An option, a file or an address: that is pip's own business.
        return False
    if requirement.marker and not requirement.marker.evaluate():
        return True
    if requirement.url or requirement.extras:
        return False
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return False
    return requirement.specifier.contains(version, prereleases=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
