"""CONTRIBUTING.md says what is so: files that it names are there, code that it shows is in them, layers are checked."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PLACES = (ROOT, ROOT / "src" / "netweight", ROOT / "tests", ROOT / "tests" / "ops")


def there(name: str) -> Path | None:
    return next((place / name for place in PLACES if (place / name).is_file()), None)


def test_files_that_it_names_are_there() -> None:
    named = re.findall(r"`([\w/]+\.(?:py|md|pyi))`", TEXT)
    assert len(named) > 20
    assert not [name for name in named if there(name) is None]


def test_code_that_it_shows_is_in_the_files_that_it_names() -> None:
    section = TEXT.partition("## An operator on each element")[2].partition("\n## ")[0]
    files = [there(name) for name in re.findall(r"`([\w/]+\.py)`", section)]
    code = "".join(file.read_text(encoding="utf-8") for file in files if file)
    shown = re.findall(r"^    +(\S.*)$", section, re.MULTILINE)
    assert len(shown) > 10
    assert not [line for line in shown if line not in code]


def test_layers_are_those_that_are_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    shown = TEXT.partition("the higher may import the lower:\n\n")[2].partition("\n\n")[0]
    assert ["__main__", *(" ".join(layer.split()) for layer in shown.split("->"))] == contracts[0]["layers"]
