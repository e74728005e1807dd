"""The table of layers in docs/design.md against the imports that are really there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "semroute"
DESIGN = (ROOT / "docs" / "design.md").read_text()
FORBIDDEN_NAMES = {"utils", "helpers", "common", "base", "core", "types", "misc"}


def _layers() -> dict[str, int]:
    rows = re.findall(r"^\| (\d+) \| ([a-z_, ]+) \|", DESIGN, re.MULTILINE)
    return {name.strip(): int(layer) for layer, names in rows for name in names.split(",")}


def _exceptions() -> set[tuple[str, str]]:
    paragraph = DESIGN.partition("\nExceptions:")[2].partition("\n\n")[0]
    assert paragraph, "docs/design.md has no paragraph of exceptions"
    return set(re.findall(r"(\w+)\s+imports\s+(\w+)", paragraph))


def _module(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("semroute."):
            found.add(str(node.module).split(".")[1])
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            found |= {n.split(".")[1] for n in names if n.startswith("semroute.")}
    return found


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def test_every_module_has_its_layer_and_every_row_its_module() -> None:
    assert {_module(path) for path in FILES} == set(_layers())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_layers_below(path: Path) -> None:
    layers, here = _layers(), _module(path)
    for imported in _imports(path) - {here}:
        below = layers[imported] < layers[here]
        assert below or (here, imported) in _exceptions(), f"{here} imports {imported}"


def test_every_exception_is_used() -> None:
    used = {(_module(path), imported) for path in FILES for imported in _imports(path)}
    assert _exceptions() <= used


def test_build_and_router_never_meet() -> None:
    for path in FILES:
        if _module(path) in {"build", "relabel"}:
            assert "router" not in _imports(path)
        if _module(path) == "router":
            assert not {"build", "relabel"} & _imports(path)


def test_no_file_is_a_drawer_without_a_name() -> None:
    assert not {path.stem for path in FILES} & FORBIDDEN_NAMES
