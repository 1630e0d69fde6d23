"""The shape of the code: imports go one way, Gmsh stays in four files, files are small and documented.

Catches a package that reaches upwards, an `import gmsh` that slips into `import fem`, a number printed by
the numerics, a file that grows into a drawer, and a public name without a docstring.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ("geometry", "meshes", "fem", "studies")
GMSH_FILES = {"geometry/cad.py", "geometry/cad_names.py", "meshes/generate.py", "meshes/files.py"}
OPTIONAL = {"pyvista", "vtk", "dask", "distributed"}
FOR_REPORTS = {
    "pandas", "matplotlib", "scipy.stats", "studies.figures", "studies.report", "studies.html",
    "studies.sweep.figures", "studies.sweep.report", "studies.polarisation.report",
}  # fmt: skip
LONGEST_FILE = 300

SOURCES = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in SOURCES}
INNER = [name for name in TREES if not name.startswith("studies/")]


def imported(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    """Every import statement with the dotted name of the module it loads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node, "." * node.level + (node.module or "")


def inside_functions(tree: ast.Module) -> set[ast.AST]:
    """Every node that runs when a function is called, not when the module is imported."""
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node for function in functions for statement in function.body for node in ast.walk(statement)}


def public_names(tree: ast.Module) -> list[str]:
    """What `__all__` lists."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            return list(ast.literal_eval(node.value))
    return []


def test_every_layer_has_code():
    assert {name.split("/")[0] for name in TREES} == set(LAYERS)


@pytest.mark.parametrize("name", TREES)
def test_imports_go_one_way(name: str):
    layer = LAYERS.index(name.split("/")[0])
    for node, module in imported(TREES[name]):
        package = module.split(".")[0]
        if package in LAYERS:
            assert LAYERS.index(package) <= layer, f"{name}:{node.lineno} imports {module} from above"


@pytest.mark.parametrize("name", [name for name in TREES if not name.endswith("__init__.py")])
def test_a_package_imports_its_own_modules_not_itself(name: str):
    for node, module in imported(TREES[name]):
        assert not module.startswith("."), f"{name}:{node.lineno}: write the package's name"
        if module == name.split("/")[0]:
            modules = (
                {f"{module}/{alias.name}.py" for alias in node.names}
                if isinstance(node, ast.ImportFrom)
                else {""}
            )
            assert modules <= set(TREES), f"{name}:{node.lineno} imports its own package: name the module"


@pytest.mark.parametrize("name", TREES)
def test_gmsh_and_extras_are_imported_where_they_are_needed(name: str):
    tree = TREES[name]
    lazy = inside_functions(tree)
    for node, module in imported(tree):
        package = module.split(".")[0]
        if package == "gmsh":
            assert name in GMSH_FILES, f"{name}:{node.lineno}: gmsh belongs to {sorted(GMSH_FILES)}"
        if package in OPTIONAL | {"gmsh"}:
            assert node in lazy, f"{name}:{node.lineno}: import {package} inside the function that needs it"


@pytest.mark.parametrize("package", LAYERS)
def test_importing_a_package_loads_no_gmsh(package: str):
    code = (
        f"import sys, {package}; sys.exit(', '.join(sorted({{'gmsh', 'pyvista'}} & set(sys.modules))) or 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"import {package} loads {run.stderr}"


@pytest.mark.parametrize(
    "module", ["studies", "studies.cli", "studies.sweep.efficiency", "studies.sweep.jobs"]
)
def test_workers_load_no_tables_and_figures(module: str):
    """A process of a pool loads the jobs and the program's main module anew: the time is every worker's."""
    code = f"import sys, {module}; sys.exit(', '.join(sorted({FOR_REPORTS} & set(sys.modules))) or 0)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"import {module} loads {run.stderr}"


@pytest.mark.parametrize("name", INNER)
def test_only_studies_speak_to_the_screen(name: str):
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in {"print", "sys.stdout.write", "sys.exit"}, f"{name}:{node.lineno}: {called}"


@pytest.mark.parametrize("path", [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))], ids=lambda p: p.name)
def test_files_stay_small(path: Path):
    lines = len(path.read_text().splitlines())
    assert lines <= LONGEST_FILE, (
        f"{path.relative_to(ROOT)} has {lines} lines: which second subject is in it?"
    )


@pytest.mark.parametrize("name", [name for name in TREES if not name.endswith("__init__.py")])
def test_modules_and_public_names_are_documented(name: str):
    tree = TREES[name]
    assert ast.get_docstring(tree), f"{name} does not say what it is about"
    package = name.split("/")[0]
    exported = set(public_names(tree)) | {
        alias.name
        for init in TREES
        if init.endswith("__init__.py")
        for node in TREES[init].body
        if isinstance(node, ast.ImportFrom) and node.module == name.removesuffix(".py").replace("/", ".")
        for alias in node.names
    }
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in exported:
            assert ast.get_docstring(node), f"{package}: {node.name} in {name} has no docstring"


@pytest.mark.parametrize("package", LAYERS)
def test_packages_list_their_public_names(package: str):
    tree = TREES[f"{package}/__init__.py"]
    reexported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert reexported == set(public_names(tree))
