"""The house itself: what is installed is this project, lock files are clean, layers are real."""

import ast
import importlib
import importlib.metadata
import re
import subprocess
import sys
import zipfile
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "classifiers", "pipeline", "api")


@pytest.mark.parametrize("package", PACKAGES)
def test_package_is_ours(package):
    """Another distribution with the same top-level name would overwrite ours without a word."""
    module = importlib.import_module(package)

    assert Path(module.__file__).parent == ROOT / package
    assert importlib.metadata.packages_distributions().get(package, ["linernotes"]) == ["linernotes"]


def test_wheel_carries_the_data_files(tmp_path):
    """Templates, policies and migrations are no Python; a wheel without them starts and then fails."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    tracked = subprocess.run(
        ["git", "ls-files", *PACKAGES], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout

    assert set(tracked.split()) <= set(names)
    assert not [name for name in names if name.startswith("tests/")]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_has_hashes_and_no_address(lock):
    text = (ROOT / lock).read_text()
    pins = re.findall(r"^[a-z0-9][^ ]*==[^ ]+.*\\$", text, re.MULTILINE)

    assert len(pins) > 50
    assert text.count("--hash=sha256:") >= len(pins)
    assert not re.search(r"https?://|--(index|extra-index|find-links)", text)


def test_dev_lock_agrees_with_the_runtime_lock():
    pins = [
        dict(re.findall(r"^([a-z0-9][^= ]*)==([^ ]+)", (ROOT / lock).read_text(), re.MULTILINE))
        for lock in ("requirements.lock", "requirements-dev.lock")
    ]

    assert pins[0].items() <= pins[1].items()


def test_migrations_keep_to_themselves():
    """What a version did to old data must not change with the app: rules that it needs are copied into it."""
    named = [
        f"{path.name}: {line}"
        for path in sorted((ROOT / "api" / "migrations" / "versions").glob("*.py"))
        for line in path.read_text().splitlines()
        if re.match(r"\s*(from|import) (api|schemas|classifiers|pipeline)\b(?!\.migrations\b)", line)
    ]
    assert named == []


def test_no_module_needs_itself():
    """A ring of imports works until somebody enters it elsewhere: then one command alone does not start."""
    ours = _modules()
    graph = {name: _imports(name, path, ours) for name, path in ours.items()}

    assert len(graph) > 300
    TopologicalSorter(graph).prepare()


def _modules():
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def _imports(name, path, ours):
    """Name the modules of ours that this one imports when it is imported itself."""
    found = set()
    waiting = list(ast.parse(path.read_text()).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ImportFrom):
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {one if one in ours else node.module for one in full}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += ast.iter_child_nodes(node)
    return (found & ours.keys()) - {name}


def test_the_map_names_every_room_and_no_room_that_is_gone():
    text = (ROOT / "docs" / "architecture.md").read_text()
    rooms = [path.parent.name for path in _modules().values() if path.name == "__init__.py"]
    unnamed = [room for room in rooms if f"{room}/" not in text and room not in {*PACKAGES, "views", "versions"}]
    files = {path.name for path in _modules().values()} | {path.name for path in (ROOT / "classifiers").glob("*.toml")}
    gone = [name for name in re.findall(r"`(?:[a-z_]+/)*([a-z_]+\.(?:py|toml))`", text) if name not in files]

    assert len(rooms) > 20
    assert (unnamed, gone) == ([], [])


def test_no_runner_that_downloads():
    """DirectRunner fetches a binary when it can; every pipeline names FnApiRunner."""
    named = [
        path
        for package in (*PACKAGES, "tests", "benchmarks")
        for path in (ROOT / package).rglob("*.py")
        if path != Path(__file__) and "DirectRunner" in path.read_text()
    ]

    assert named == []
