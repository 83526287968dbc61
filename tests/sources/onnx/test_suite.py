"""The official backend suite: its cases are on the lists in ``suite/``, found twice, by its own runner and by ours."""

import os
import re
import unittest
import warnings
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import threadpoolctl

onnx = pytest.importorskip("onnx")

import netweight.onnx_backend as backend  # noqa: E402
from netweight.ir import TensorSpec  # noqa: E402
from netweight.sources.onnx.tensor import Tensor  # noqa: E402
from sources.onnx.suite import cases as suite  # noqa: E402
from sources.onnx.suite.classify import _check_foreseen, differences, verdict  # noqa: E402
from sources.onnx.suite.excuses import BUGS  # noqa: E402
from sources.onnx.suite.lists import PASSES, UNSUPPORTED, listed  # noqa: E402
from sources.onnx.suite.page import PAGE, page  # noqa: E402
from sources.onnx.suite.pooling import by_windows, pool  # noqa: E402

pytestmark = pytest.mark.skipif(
    not onnx.__version__.startswith(f"{suite.SAMPLE}."),
    reason=f"the lists are about the cases of onnx {suite.SAMPLE}, got {onnx.__version__}",
)
SHARES = 4
SMALLEST = ("test_shufflenet_cpu", "test_squeezenet_cpu")
"""Of the networks, those that its own runner runs: all of them take long, and ours runs them all."""
CATEGORIES = ("NodeModel", "SimpleModel", "PyTorchConvertedModel", "PyTorchOperatorModel", "RealModel")


@pytest.fixture(autouse=True)
def _expected_outputs_overflow():
    """Cases divide by zero, and overflow, on purpose; the suite's runner makes some expected outputs while it runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(autouse=True, scope="module")
def _two_threads():
    """light_squeezenet ends in a softmax over channels that are equal, and as large as 7e9: a single unit in the last
    place decides it. How sums round follows from how BLAS cuts a product into pieces, and that from its threads."""
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        yield


def titles_on(place):
    return [line.partition("\t")[0] for line in listed(place)]


@pytest.mark.parametrize("share", range(SHARES))
def test_lists_are_what_is_found(share):
    shared = [case for kind in suite.KINDS for case in suite.cases(kind)][share::SHARES]
    assert differences([verdict(case) for case in shared]) == []


def test_every_case_is_on_one_list():
    every = sorted(case.title for kind in suite.KINDS for case in suite.cases(kind))
    assert sorted(titles_on(PASSES) + titles_on(UNSUPPORTED)) == every


def test_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page(), "run scripts/onnx-suite --update"


def test_readme_has_the_figures():
    passing, unsupported = (len(listed(place)) for place in (PASSES, UNSUPPORTED))
    readme = (PAGE.parents[1] / "README.md").read_text(encoding="utf-8")
    assert f"{passing:,} of the {passing + unsupported:,} cases of the official backend suite" in readme


@pytest.mark.parametrize("category", CATEGORIES)
def test_runner_of_the_suite_passes_what_is_listed(category, monkeypatch, tmp_path):
    """As users run it: BackendTest over the module, told which cases to expect."""
    from onnx.backend.test import BackendTest

    monkeypatch.setenv("ONNX_MODELS", os.fspath(tmp_path))
    passing = "|".join(re.escape(title.partition("/")[2]) for title in titles_on(PASSES))
    runner = BackendTest(backend, __name__).include(f"^({passing})_cpu$")
    case = runner.test_cases[f"OnnxBackend{category}Test"]
    names = [name for name in unittest.TestLoader().getTestCaseNames(case) if name.endswith("_cpu")]
    kinds = {
        "RealModel": "light",
        "PyTorchConvertedModel": "pytorch-converted",
        "PyTorchOperatorModel": "pytorch-operator",
    }
    kind = kinds.get(category, category.removesuffix("Model").lower())
    wanted = sum(title.startswith(f"{kind}/") for title in titles_on(PASSES))
    if kind == "light":
        names, wanted = [name for name in names if name in SMALLEST], len(SMALLEST)
    result = unittest.TestResult()
    unittest.TestSuite(map(case, names)).run(result)
    assert [str(test) for test, _ in result.failures + result.errors] == []
    assert result.testsRun - len(result.skipped) == wanted


def test_sequence_that_the_runner_cannot_compare_is_right():
    """The only case that is wrong itself: NumPy refuses len() of the first tensor, which has no dimensions."""
    assert list(BUGS) == ["node/test_loop16_seq_none"]
    case = next(case for case in suite.cases("node") if case.title in BUGS)
    model = case.model()
    ((inputs, (expected,)),) = case.data(model)
    (got,) = backend.run_model(model, inputs)
    assert expected[0].shape == ()
    assert len(got) == len(expected)
    for left, right in zip(got, expected, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("kind", ["AVG", "MAX", "LPPOOL"])
@pytest.mark.parametrize(
    ("sizes", "kernel", "steps"), [((7,), (3,), (2,)), ((5, 6), (2, 3), None), ((6, 5), (3, 2), (3, 1))]
)
def test_pooling_at_once_is_pooling_by_windows(kind, sizes, kernel, steps):
    x = np.random.default_rng(0).standard_normal((2, 3, *sizes)).astype(np.float32)
    out = [(size - taps) // step + 1 for size, taps, step in zip(sizes, kernel, steps or [1] * len(sizes), strict=True)]
    found, wanted = (made(x, x.shape, kernel, steps, out, kind, p=2) for made in (pool, by_windows))
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)


def test_a_wrong_result_fails():
    case = next(case for case in suite.cases("node") if case.name == "test_add")
    ((inputs, (expected,)),) = case.data(case.model())
    wrong = SimpleNamespace(model=case.model(), data_sets=[(inputs, [expected + 1])])
    assert verdict(replace(case, source=wrong)).outcome == "fails"


FORESEEN = Tensor("y", TensorSpec((2, 3), "float32"))


@pytest.mark.parametrize(
    ("value", "array", "message"),
    [
        (FORESEEN, np.zeros((3, 2), np.float32), r"y: foreseen float32\[2, 3\], got float32\[3, 2\]"),
        (FORESEEN, np.zeros((2, 3), np.float64), r"y: foreseen float32\[2, 3\], got float64\[2, 3\]"),
        (FORESEEN, [np.zeros((2, 3), np.float32)], "y: foreseen a tensor, got a sequence"),
        ([FORESEEN] * 2, [np.zeros((2, 3), np.float32)], "y: foreseen 2 tensors, got 1"),
        ([FORESEEN], [np.zeros((2, 2), np.float32)], "y: foreseen"),
        (FORESEEN, None, "y: foreseen a value, got none"),
    ],
)
def test_what_is_foreseen_wrongly_fails(value, array, message):
    with pytest.raises(AssertionError, match=message):
        _check_foreseen("y", value, array)
