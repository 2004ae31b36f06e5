"""
Installs the packages that a model needs and that are not there yet, and compiles what is there, because base images come without:
python3 slipway_install.py REQUIREMENTS FOLDER. When that fails, its last line says in words which package it is about.
"""

import compileall
import os
import re
import subprocess
import sys
from importlib import metadata

TESTS = re.compile(r"[/\\](tests?|idlelib|lib2to3|ensurepip)[/\\]")


def main(requirements, folder):
    with open(requirements, encoding="utf-8") as file:
        wanted = [line.strip() for line in file if line.strip()]
    failed = install(wanted, folder)
    if not failed:
        compile_all()
    return failed


def compile_all():
    """A container can not write, so that each of its starts would compile all over again what it imports: with scikit-learn for a second."""
    for place in {os.path.realpath(each) for each in sys.path if os.path.isdir(each)}:
        compileall.compile_dir(place, quiet=2, workers=0, rx=TESTS)


def install(wanted, folder):
    missing = [need for need in wanted if not is_there(need)]
    if not missing:
        print("All packages are there already.")
        return 0
    print("Installing", ", ".join(missing))
    # All of them, so that what is installed fits what is there.
    command = [sys.executable, "-m", "pip", "install", "--no-cache-dir", "--progress-bar", "off", "--target", folder, *wanted]
    pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output = []
    for line in pip.stdout:
        print(line, end="", flush=True)
        output.append(line)
    if pip.wait() == 0:
        return 0
    print("slipway:", why("".join(output)))
    return 1


def is_there(need):
    """Whether a package is there, in the version that is asked for where that is a plain one."""
    name = re.match(r"[A-Za-z0-9._-]+", need)
    if not name:
        return False
    try:
        version = metadata.version(name.group())
    except metadata.PackageNotFoundError:
        return False
    rest = need[name.end() :].strip()
    if rest.startswith("=="):
        return version.split("+")[0] == rest[2:].strip()
    if rest.startswith("<"):
        return numbers(version) < numbers(rest[1:])
    return rest == ""


def why(output):
    found = re.search(r"satisfies the requirement (\S+?)==(\S+) \(from versions: ([^)]*)\)", output)
    if found:
        name, version, versions = found.groups()
        known = [each for each in versions.split(", ") if re.fullmatch(r"[\d.]+", each)]
        if not known:
            return f"{name} {version} can not be installed: no index that can be reached has it."
        nearest = min(known, key=lambda each: distance(numbers(each), numbers(version)))
        return f"{name} {version} can not be installed for Python {sys.version.split()[0]}. The nearest version that can is {nearest}."
    errors = [line for line in output.splitlines() if "ERROR" in line]
    return (errors or output.splitlines() or ["pip failed."])[-1].replace("ERROR: ", "").strip()


def numbers(version):
    return [int(part) for part in re.findall(r"\d+", version)[:4]]


def distance(one, other):
    return [abs(a - b) for a, b in zip(one + [0] * 4, other + [0] * 4)][:4]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
