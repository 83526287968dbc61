"""The examples do what they say: the filters of edges.py against SciPy's."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the photograph comes with scikit-learn")
pytest.importorskip("PIL", reason="the picture is drawn with pillow")
ndimage = pytest.importorskip("scipy.ndimage", reason="the filters are compared with SciPy's")

ROOT = Path(__file__).parent.parent


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def edges() -> ModuleType:
    return load(ROOT / "examples" / "edges.py")


def by_scipy(gray: Any) -> dict[str, Any]:
    """Every filter of the example; ``nearest`` repeats the border pixel, as ``replicate`` does."""
    across, down = ndimage.sobel(gray, axis=1, mode="nearest"), ndimage.sobel(gray, axis=0, mode="nearest")
    laplacian = ndimage.laplace(gray, mode="nearest")
    return {
        "gray": gray,
        "sobel_x": across,
        "sobel_y": down,
        "magnitude": np.hypot(across, down),
        "laplacian": laplacian,
        "box": ndimage.uniform_filter(gray, 5, mode="nearest"),
        "gaussian": ndimage.gaussian_filter(gray, 2.0, radius=6, mode="nearest"),
        "sharpen": gray - laplacian,
    }


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-14), ("float32", 3e-6)])
def test_the_filters_are_those_of_scipy(edges: ModuleType, dtype: str, tolerance: float) -> None:
    picture = edges.photograph().astype(dtype)[:200, 100:400]
    results = edges.apply(picture)
    expected = by_scipy(picture.astype(float) @ np.array([0.299, 0.587, 0.114]))
    assert results.keys() == expected.keys()
    for name, result in results.items():
        assert result.dtype == dtype
        np.testing.assert_allclose(result[8:-8, 8:-8], expected[name][8:-8, 8:-8], rtol=0, atol=tolerance, err_msg=name)
        np.testing.assert_allclose(result, expected[name], rtol=0, atol=tolerance, err_msg=f"{name}, border")


def test_a_step_by_hand(edges: ModuleType) -> None:
    """Black on the left, white on the right: a vertical edge answers 1 + 2 + 1 across and nothing down."""
    step = np.zeros((5, 6, 3))
    step[:, 3:] = 1
    results = edges.apply(step)
    np.testing.assert_allclose(results["sobel_x"], np.tile([0, 0, 4, 4, 0, 0], (5, 1)), atol=1e-15)
    np.testing.assert_allclose(results["sobel_y"], 0, atol=1e-15)
    np.testing.assert_allclose(results["magnitude"], np.tile([0, 0, 4, 4, 0, 0], (5, 1)), atol=1e-15)
    np.testing.assert_allclose(results["laplacian"], np.tile([0, 0, 1, -1, 0, 0], (5, 1)), atol=1e-15)
    np.testing.assert_allclose(results["box"], np.tile([0, 0.2, 0.4, 0.6, 0.8, 1], (5, 1)), atol=1e-15)


def test_the_command(edges: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    picture = tmp_path / "edges.png"
    edges.main(["-o", str(picture)])
    out = capsys.readouterr().out
    # Taps per pixel: 3 gray, 4 filters of 9, box of 25, Gaussian of 13 + 13.
    assert f"{427 * 640 * (3 + 4 * 9 + 25 + 13 + 13):,}" == "24,595,200"
    assert "24,595,200" in out
    with Image.open(picture) as image:
        assert image.size == (4 * (320 + 4) - 4, 2 * (214 + 16))
    shown = ROOT / "docs" / "images" / "edges.png"
    assert shown.stat().st_size <= 200_000
    with Image.open(picture) as made, Image.open(shown) as kept:
        difference = np.abs(np.asarray(made.convert("L"), int) - np.asarray(kept.convert("L"), int))
    assert difference.mean() < 2, "docs/images/edges.png: python examples/edges.py -o docs/images/edges.png"
