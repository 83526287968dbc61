import subprocess
import sys
from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

import netweight

HEAVY = ["numpy", "torch", "onnx", "numba", "pandas", "jinja2"]


@pytest.mark.parametrize(
    "job",
    [
        "import netweight",
        "import netweight; netweight.weigh('alexnet')",
        "import netweight.cli; netweight.cli.main(['alexnet', '-q'])",
        "import netweight.cli; netweight.cli.main(['--help'])",
        "import netweight.cli; netweight.cli.main(['explain', 'alexnet', 'conv1'])",
    ],
)
def test_the_start_is_light(job: str) -> None:
    code = f"""
import sys
try:
    {job}
except SystemExit as stop:
    assert not stop.code, stop.code
loaded = set({HEAVY!r}) & sys.modules.keys()
sys.exit(f"loaded {{sorted(loaded)}}" if loaded else 0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_a_right_call_loads_no_answers_to_wrong_ones() -> None:
    """Modules that only a fault, a misspelt name or the tabulator needs stay out of the main job."""
    answers = ["difflib", "click.shell_completion", "netweight.report.fault", "netweight.results.fault"]
    code = f"""
import sys
from netweight.cli.main import run
code = run(['alexnet'])
assert code == 0, code
sys.exit(', '.join(set({answers!r}) & sys.modules.keys()) or 0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_what_the_start_imports(golden: Callable[[str, str], None]) -> None:
    """Each module costs every start about a third of a millisecond, so that one more is a decision."""
    code = """
import sys
from netweight.cli.main import run
run(["alexnet"])
print(*sorted(name for name in sys.modules if name.split(".")[0] == "netweight"), sep="\\n", file=sys.stderr)
print("also", *{"fractions", "json", "shlex", "textwrap"} & sys.modules.keys(), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    modules, _, others = done.stderr.partition("also")
    assert not others.split(), others
    golden("start.txt", modules)


def test_public_names() -> None:
    assert netweight.__all__ == [
        "CaptureError",
        "Cost",
        "Counted",
        "DivergedError",
        "EngineError",
        "FormatError",
        "Graph",
        "GraphError",
        "LimitError",
        "MissingExtraError",
        "NetweightError",
        "Profile",
        "RuleError",
        "ShapeError",
        "TensorSpec",
        "UnknownNameError",
        "UnsupportedOpError",
        "UsageError",
        "backward",
        "bench",
        "build",
        "calibrate",
        "capture",
        "compare",
        "devices",
        "doctor",
        "energy",
        "evaluate",
        "explain",
        "export",
        "fit",
        "gradcheck",
        "gradients",
        "initialize",
        "latency",
        "memory",
        "models",
        "plan",
        "rule",
        "rules",
        "run",
        "throughput",
        "train",
        "weigh",
    ]
    assert all(hasattr(netweight, name) for name in netweight.__all__)


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    """Who imports whom, inside functions and for types as well."""
    return grimp.build_graph("netweight", exclude_type_checking_imports=False, cache_dir=None)


def test_imports_have_no_circle(imports: grimp.ImportGraph) -> None:
    above = {module: imports.find_modules_directly_imported_by(module) for module in imports.modules}
    try:
        TopologicalSorter(above).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))
