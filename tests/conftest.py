import os
from collections.abc import Callable
from pathlib import Path

import hypothesis
import numpy as np
import pytest

GOLDEN = Path(__file__).parent / "golden"

_SLOW_IS_FINE = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large]
for _name, _examples in (("dev", 20), ("ci", 60), ("nightly", 2000)):
    hypothesis.settings.register_profile(
        _name,
        max_examples=_examples,
        deadline=None,
        derandomize=_name == "ci",
        suppress_health_check=_SLOW_IS_FINE,
        database=None,
    )
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare text with a file in tests/golden, or rewrite the file when asked to."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"no {path}; run pytest --update-golden and read the diff"
        assert text == path.read_text(encoding="utf-8")

    return check


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
