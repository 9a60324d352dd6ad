"""What is installed, down to the last dependency, is what was tested."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
CONSTRAINTS = ROOT / "constraints.txt"

# Where the app is to run: markers of requirements are asked for each of these.
SYSTEMS = [
    {
        "sys_platform": platform,
        "platform_system": system,
        "os_name": "nt" if platform == "win32" else "posix",
        "platform_machine": machine,
        "python_version": python,
        "python_full_version": f"{python}.9",
    }
    for platform, system, machines in (
        ("linux", "Linux", ("x86_64", "aarch64")),
        ("darwin", "Darwin", ("arm64", "x86_64")),
        ("win32", "Windows", ("AMD64",)),
    )
    for machine in machines
    for python in ("3.11", "3.12", "3.13")
]
# Named by torch itself, in exact versions, as its builds with CUDA need them.
OF_TORCH = re.compile(r"(nvidia|cuda|triton)(-|$)")


def asked(file: str) -> Iterator[Requirement]:
    """The requirements that a file names itself."""
    for line in (ROOT / file).read_text("utf-8").splitlines():
        said = line.partition("#")[0].strip()
        if said and not said.startswith("-"):
            yield Requirement(said)


def needed_somewhere(marker: Marker | None, extra: str) -> bool:
    return marker is None or any(marker.evaluate({**system, "extra": extra}) for system in SYSTEMS)


def closure(*files: str) -> dict[str, Requirement]:
    """Everything that these files bring along on any system, by its name."""
    found: dict[str, Requirement] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [requirement for file in files for requirement in asked(file)]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        found.setdefault(name, requirement)
        for extra in {"", *requirement.extras}:
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                brings = distribution(name).requires or []
            except PackageNotFoundError:  # one of another system
                brings = []
            further = (Requirement(said) for said in brings)
            waiting += [one for one in further if needed_somewhere(one.marker, extra)]
    return {name: one for name, one in found.items() if not OF_TORCH.match(name)}


def pinned() -> dict[str, Requirement]:
    return {canonicalize_name(one.name): one for one in asked(CONSTRAINTS.name)}


def test_each_constraint_is_one_exact_version() -> None:
    names = [canonicalize_name(one.name) for one in asked(CONSTRAINTS.name)]
    assert len(names) == len(set(names))
    for one in asked(CONSTRAINTS.name):
        assert re.fullmatch(r"==[\w.]+", str(one.specifier)), one
        assert not one.extras


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_everything_that_is_brought_along_is_pinned(file: str) -> None:
    needed = closure("requirements.txt", file)
    assert len(needed) > 40
    assert sorted(set(needed) - set(pinned())) == []
    for name, one in needed.items():
        (version,) = (str(said.version) for said in pinned()[name].specifier)
        assert one.specifier.contains(version), (one, version)


def test_what_is_installed_is_what_is_pinned() -> None:
    for name, constraint in pinned().items():
        try:
            installed = distribution(name).version
        except PackageNotFoundError:
            continue  # of another system, or of the tests where only the app is installed
        assert constraint.specifier.contains(installed), (name, installed)


def test_what_installs_takes_the_constraints() -> None:
    for file in ("Makefile", "deploy/Dockerfile", "README.md"):
        said = (ROOT / file).read_text("utf-8")
        installs = re.findall(r"pip install [^\n]*-r requirements(?:-dev)?\.txt[^\n]*", said)
        assert installs, file
        for line in installs:
            assert "-c constraints.txt" in line, line
        assert "extra-index" not in said.lower() and "EXTRA_INDEX" not in said
