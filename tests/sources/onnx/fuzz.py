"""Reads broken copies of models until told to stop; what is no answer is printed with the seed that makes it again.

    python -W ignore tests/sources/onnx/fuzz.py --seconds 30 --seed 0 [--cases N] [--only SEED]

An answer is a profile, or an error of netweight. Anything else that is raised, a case that takes longer than
``--limit`` seconds of CPU, and one that needs more memory than the process may have, are failures: exit status 1.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).parent))

import onnx
from mutations import mutated
from onnx.backend.test.loader import load_model_tests
from suite.pooling import pooled_at_once

from netweight.analysis.cost import weigh_graph
from netweight.errors import NetweightError
from netweight.sources.onnx import check_model, read_graph, read_model

MEMORY = 4 << 30
_LARGEST_MODEL = 1 << 20


class TooLongError(BaseException):
    """A case took longer than it may; no ``except Exception`` on the way catches it."""


def models() -> list[tuple[str, onnx.ModelProto]]:
    """Models of the official suite, and nine networks whose weights are left out."""
    found = []
    for kind in ("node", "simple", "pytorch-converted", "pytorch-operator"):
        with pooled_at_once():
            cases = load_model_tests(kind=kind)
        for case in cases:
            model = case.model
            if model is None:
                model = onnx.load(Path(case.model_dir) / "model.onnx", load_external_data=False)
            if model.ByteSize() < _LARGEST_MODEL:
                found.append((f"{kind}/{case.name}", model))
    light = Path(onnx.__file__).parent / "backend/test/data/light"
    found += [(path.stem, onnx.load(path)) for path in sorted(light.glob("*.onnx"))]
    return sorted(found, key=lambda entry: entry[0])


def attempt(broken: onnx.ModelProto | bytes, path: Path) -> str:
    """Weigh it and say what came out: ``profile``, or the class of the error."""
    try:
        if isinstance(broken, bytes):
            path.write_bytes(broken)
            model = read_model(path)
        else:
            model = broken
            check_model(model, "broken.onnx")
        weigh_graph(read_graph(model).graph)
    except NetweightError as error:
        return type(error).__name__
    return "profile"


def seeds(chosen: argparse.Namespace) -> Iterator[int]:
    """Numbers of the cases, until time is up."""
    if chosen.only is not None:
        yield chosen.only
        return
    start = time.monotonic()
    for number in range(chosen.cases):
        if time.monotonic() - start > chosen.seconds:
            return
        yield chosen.seed * 10_000_000 + number


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _too_long(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise TooLongError


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=1 << 60)
    parser.add_argument("--limit", type=float, default=10.0)
    parser.add_argument("--only", type=int)
    parser.add_argument("--scratch", type=Path, default=Path("broken.onnx"))
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGVTALRM, _too_long)
    whole = models()
    outcomes: dict[str, int] = {}
    failures: dict[str, str] = {}
    for seed in seeds(chosen):
        rng = random.Random(seed)
        name, model = rng.choice(whole)
        broken = mutated(model, rng)
        chosen.scratch.with_suffix(".seed").write_text(str(seed))
        signal.setitimer(signal.ITIMER_VIRTUAL, chosen.limit)
        try:
            outcome = attempt(broken, chosen.scratch)
        except (Exception, TooLongError) as error:
            outcome = "FAILED"
            where = traceback.extract_tb(error.__traceback__)[-1]
            key = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {error}"[:300]
            if key not in failures:
                failures[key] = f"seed {seed} ({name}): {key}"
                say(failures[key])
                if chosen.only is not None:
                    traceback.print_exc()
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if chosen.only is not None:
            say(f"{name}\n{broken if not isinstance(broken, bytes) else ''}\n{outcome}")
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    say(f"{sum(outcomes.values())} cases, peak {peak} MB: {dict(sorted(outcomes.items()))}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
