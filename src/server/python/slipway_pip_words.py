"""What pip says when it fails, in one sentence that names the package, and the nearest version that can be installed."""

import re
import sys

NOT_FOUND = re.compile(r"Could not find a version that satisfies the requirement (.+?) \(from versions: ")
ASKED = re.compile(r"^\s+The user requested (.+)$", re.MULTILINE)
DEPENDS = re.compile(r"^\s+(\S+ \S+) depends on (.+)$", re.MULTILINE)
TAKEN = re.compile(r"^(?:Collecting ([A-Za-z0-9][\w.<>=!~,-]*)|Processing \S*?([^/\s]+?)-(\d[^-\s]*)\.(?:tar\.gz|zip)$)", re.MULTILINE)
NOT_BUILT = re.compile(r"Failed building wheel for (\S+)|metadata-generation-failed|subprocess-exited-with-error")


def why(output, versions_of):
    """`versions_of` gives the versions of a package, by its name, that can be installed here."""
    return not_built(output, versions_of) or not_found(output, versions_of) or conflict(output, versions_of) or last_error(output)


def not_found(output, versions_of):
    found = NOT_FOUND.search(output)
    if not found:
        return None
    requirement = parsed(found.group(1))
    known = usable(versions_of(requirement.name))
    if not known:
        return f"{words(requirement)} can not be installed: no index that can be reached has it."
    return f"{words(requirement)} can not be installed for Python {python()}. {nearest(requirement, known)}"


def conflict(output, versions_of):
    asked = [parsed(text) for text in ASKED.findall(output)]
    depends = [(dependent, parsed(needed)) for dependent, needed in DEPENDS.findall(output)]
    if "conflict is caused by" not in output or not asked:
        return None
    reasons = [f"{words(requirement)} is asked for" for requirement in asked]
    reasons += [f"{dependent} needs {words(needed)}" for dependent, needed in depends]
    sentence = f"These packages do not go together: {', '.join(reasons)}."
    for requirement in asked:
        limits = [needed for _, needed in depends if same_name(needed.name, requirement.name)]
        if not limits:
            continue
        known = [
            version
            for version in usable(versions_of(requirement.name))
            if all(limit.specifier.contains(str(version)) for limit in limits)
        ]
        if known:
            return f"{sentence} {nearest(requirement, known, 'fits')}"
    return sentence


def not_built(output, versions_of):
    failed = NOT_BUILT.search(output)
    if not failed:
        return None
    taken = [parsed(asked or f"{name}=={version}") for asked, name, version in TAKEN.findall(output[: failed.start()])]
    named = [each for each in taken if failed.group(1) is None or same_name(each.name, failed.group(1))]
    if not named:
        return None
    requirement = named[-1]
    known = usable(versions_of(requirement.name))
    advice = f" {nearest(requirement, known)}" if known else ""
    return f"{words(requirement)} can not be installed for Python {python()}: it would have to be built, and that fails.{advice}"


def last_error(output):
    lines = [line for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"\s*(ERROR|error):", line)]
    return (errors or lines or ["pip failed."])[-1].replace("ERROR: ", "").strip()


def nearest(requirement, known, verb="can"):
    wanted = numbers(re.sub(r"^[^\d]*", "", str(requirement.specifier)))
    below = [version for version in known if numbers(str(version)) <= wanted]
    above = [version for version in known if numbers(str(version)) > wanted]
    best = min([*sorted(below)[-1:], *sorted(above)[:1]], key=lambda version: distance(numbers(str(version)), wanted))
    return f"The nearest version of {requirement.name} that {verb} is {best}."


def usable(versions):
    """Without those that are only on the way to a version."""
    from pip._vendor.packaging.version import InvalidVersion, Version

    known = []
    for text in versions:
        try:
            version = Version(text)
        except InvalidVersion:
            continue
        if not version.is_prerelease:
            known.append(version)
    return known


def parsed(text):
    from pip._vendor.packaging.requirements import Requirement

    return Requirement(text)


def words(requirement):
    """`numpy 1.19.0`, or `numpy>=3` where it is no plain version."""
    specifier = str(requirement.specifier)
    exact = re.fullmatch(r"===?([^,*]+)", specifier)
    return f"{requirement.name} {exact.group(1)}" if exact else f"{requirement.name}{specifier}"


def same_name(one, other):
    return plain(one) == plain(other)


def plain(name):
    """Source: https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return re.sub(r"[-_.]+", "-", name).lower()


def python():
    return sys.version.split()[0]


def numbers(version):
    return [int(part) for part in re.findall(r"\d+", version)[:4]]


def distance(one, other):
    return [abs(a - b) for a, b in zip(one + [0] * 4, other + [0] * 4)][:4]
