"""What the wheel holds: the package, its types and words, and the manual page; no tests, no caches, nothing large."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
WHEEL = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"][
    "wheel"
]
PACKAGE = ROOT / "src" / "netweight"
FILES = [path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def test_it_is_the_package_and_the_manual_page() -> None:
    assert WHEEL == {
        "packages": ["src/netweight"],
        "shared-data": {"docs/netweight.1": "share/man/man1/netweight.1"},
    }
    assert (ROOT / "docs" / "netweight.1").is_file()


def test_files_are_python_types_and_words() -> None:
    others = {path.relative_to(PACKAGE).as_posix() for path in FILES if path.suffix != ".py"}
    words = {name for name in others if name.startswith("report/words/") and name.endswith(".toml")}
    devices = {name for name in others if name.startswith("analysis/devices/") and name.endswith(".toml")}
    prices = {name for name in others if name.startswith("analysis/energy/tables/") and name.endswith(".toml")}
    assert devices
    assert prices
    assert others - words - devices - prices == {"build.pyi", "py.typed"}
    assert words


def test_no_test_is_among_them() -> None:
    assert [path for path in FILES if path.stem.startswith("test_") or path.stem in {"conftest", "tests"}] == []


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in FILES) < 5_000_000
    assert max(path.stat().st_size for path in FILES) < 150_000
