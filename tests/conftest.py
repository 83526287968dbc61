import gc
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path

# Workers share the cores: threads of libraries would only wait for each other. Before NumPy and PyTorch are imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# What is compiled is kept: each worker would compile all tests again, each process that a test starts all of netweight.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

import hypothesis  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

GOLDEN = Path(__file__).parent / "golden"

EXAMPLES = 20

# The same examples for everybody, everywhere; scripts/fuzz draws others.
hypothesis.settings.register_profile(
    "same",
    max_examples=int(os.environ.get("NETWEIGHT_EXAMPLES", EXAMPLES)),
    derandomize="NETWEIGHT_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
)
hypothesis.settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden")
    parser.addoption(
        "--random-order", nargs="?", type=int, const=-1, metavar="SEED", help="run tests in an order drawn at random"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Draw the seed once: workers get the command line of whoever starts them.

    Processes that tests start heed signals, also where a shell runs the tests in the background, or nohup does, and has
    them ignored.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if config.getoption("--random-order") == -1:
        config.option.random_order = random.SystemRandom().randrange(10**6)


def pytest_report_header(config: pytest.Config) -> str:
    seed = config.getoption("--random-order")
    return "" if seed is None else f"order: --random-order={seed}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files in an order drawn at random, and the tests in each."""
    seed = config.getoption("--random-order")
    if seed is None:
        return
    draw = random.Random(seed)
    files = {item.path: draw.random() for item in items}
    items.sort(key=lambda item: (files[item.path], draw.random()))


def pytest_collection_finish() -> None:
    """What collecting made stays to the end: no search for garbage looks at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_files_of_the_user(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calibrations and devices of whoever runs the tests are not theirs."""
    folder = tmp_path_factory.getbasetemp() / "nobody"
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))


@pytest.fixture(autouse=True)
def _own_numbers(request: pytest.FixtureRequest) -> None:
    """A generator of a test file starts anew in every test: numbers do not depend on what ran before."""
    for name in ("RNG", "_RNG"):
        if isinstance(getattr(request.module, name, None), np.random.Generator):
            setattr(request.module, name, np.random.default_rng(0))


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
