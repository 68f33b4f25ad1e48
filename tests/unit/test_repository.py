"""The tree holds nothing of the machine it was written on, and its requirements fit every Python that is promised."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from graphlib import TopologicalSorter
from importlib import metadata
from itertools import chain, product
from pathlib import Path

import grimp
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[2]
PYTHONS = ("3.11.2", "3.12.0", "3.13.0", "3.14.0")
SYSTEMS = (("linux", "Linux", "x86_64"), ("linux", "Linux", "aarch64"), ("darwin", "Darwin", "arm64"))
# In brackets, so that this file does not find itself.
FOREIGN = re.compile(
    r"/(?:wor[k]|roo[t]|far[m]|hom[e]/\w+|User[s]/\w+)/|"
    r"pypi[.]org|pythonhosted[.]org|registry[.]npmjs|deb[.]debian[.]org|"
    r"(?<!no-emit-)(?:inde[x]-url|find-link[s])[ =]|\"resolve[d]\":"
)


def _ignored_names() -> list[str]:
    lines = (REPOSITORY / ".gitignore").read_text().splitlines()
    return [".git", *(line.rstrip("/") for line in lines if line and not line.startswith("#"))]


def _is_ignored(path: Path, patterns: list[str]) -> bool:
    whole = f"/{path.relative_to(REPOSITORY)}"
    return any(whole == pattern if pattern.startswith("/") else fnmatch(path.name, pattern) for pattern in patterns)


def _files(folder: Path, patterns: list[str]) -> Iterator[Path]:
    """What git would take; told without git, which a user's machine may not have."""
    for path in sorted(folder.iterdir()):
        if _is_ignored(path, patterns):
            continue
        if path.is_dir():
            yield from _files(path, patterns)
        else:
            yield path


FILES = list(_files(REPOSITORY, _ignored_names()))


def test_files_are_found():
    assert REPOSITORY / "src/yeoul/base/errors.py" in FILES
    assert not any(".venv" in path.parts or "node_modules" in path.parts for path in FILES)


def test_no_registry_address_and_no_path_of_a_machine():
    found: list[str] = []
    for path in FILES:
        text = path.read_bytes().decode(errors="replace")
        found += [
            f"{path.relative_to(REPOSITORY)}:{number}: {line[:100]}"
            for number, line in enumerate(text.splitlines(), 1)
            if FOREIGN.search(line)
        ]
    assert found == []


def test_no_file_is_large():
    assert [str(path.relative_to(REPOSITORY)) for path in FILES if path.stat().st_size > 1_000_000] == []


def _pins(name: str) -> dict[str, str]:
    lock = (REPOSITORY / "requirements" / name).read_text()
    return {canonicalize_name(package): version for package, version in re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE)}


def test_every_pin_has_hashes():
    for name in ("runtime.txt", "dev.txt"):
        lock = (REPOSITORY / "requirements" / name).read_text()
        blocks = re.split(r"^(?=[\w.-]+==)", lock, flags=re.MULTILINE)[1:]
        assert blocks
        assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_two_locks_agree():
    runtime, dev = _pins("runtime.txt"), _pins("dev.txt")
    assert {name: dev[name] for name in runtime.keys() & dev.keys()} == {name: runtime[name] for name in runtime.keys() & dev.keys()}


@pytest.mark.parametrize(("python", "system"), list(product(PYTHONS, SYSTEMS)))
def test_locks_are_complete_for(python: str, system: tuple[str, str, str]):
    """A dependency that only another Python or system asks for stops a hashed install there."""
    pins = _pins("runtime.txt") | _pins("dev.txt")
    environment = {
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": system[0],
        "platform_system": system[1],
        "platform_machine": system[2],
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "extra": "",
    }
    asked = [(name, Requirement(line)) for name in pins for line in _requires(name)]
    missing = [
        f"{name}: {wanted}"
        for name, wanted in asked
        if canonicalize_name(wanted.name) not in pins and (wanted.marker is None or wanted.marker.evaluate(environment))
    ]
    assert missing == []


def test_what_is_imported_is_declared():
    """A package that only comes along with another may be gone with its next version."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    declared = {canonicalize_name(Requirement(line).name) for line in lines}
    known = sys.stdlib_module_names | {"yeoul"}
    known |= {module for module, owners in metadata.packages_distributions().items() if declared & set(map(canonicalize_name, owners))}
    sources = [path for path in FILES if path.suffix == ".py" and path.is_relative_to(REPOSITORY / "src")]
    found = {f"{path.relative_to(REPOSITORY)}: {module}" for path in sources for module in _imports(path) if module not in known}
    assert found == set()


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def _requires(name: str) -> list[str]:
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        # Pinned for another Python than this one.
        return []


def test_the_contract_of_routers_names_every_router():
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    named = next(contract["modules"] for contract in contracts if contract["id"] == "routers")
    found = [path for path in (REPOSITORY / "src/yeoul/api").rglob("*.py") if "APIRouter(" in path.read_text()]
    assert sorted(named) == sorted(".".join(path.relative_to(REPOSITORY / "src").with_suffix("").parts) for path in found)


def test_folders_stay_small_enough_to_see():
    folders = [folder for folder in (REPOSITORY / "src/yeoul").rglob("*") if folder.is_dir()]
    sizes = {folder.relative_to(REPOSITORY).as_posix(): len(list(folder.glob("*.py"))) for folder in folders}
    assert {name: size for name, size in sizes.items() if size > 25} == {}


def test_no_chain_of_imports_is_long():
    """Somebody who follows imports from a command downwards passes through at most twelve modules. There are no cycles."""
    graph = grimp.build_graph("yeoul", cache_dir=None, exclude_type_checking_imports=True)
    sorter = TopologicalSorter({module: graph.find_modules_directly_imported_by(module) for module in graph.modules})
    chains: dict[str, list[str]] = {}
    for module in sorter.static_order():
        longest = max((chains[imported] for imported in graph.find_modules_directly_imported_by(module)), key=len, default=[])
        chains[module] = [module, *longest]
    longest = max(chains.values(), key=len)
    assert len(longest) <= 12, longest
