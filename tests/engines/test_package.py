"""Engines that are missing or broken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from netweight.engines.package import imported, in_its_words, said
from netweight.errors import EngineError, MissingExtraError


def test_one_that_is_not_installed() -> None:
    with pytest.raises(MissingExtraError) as raised:
        imported("no_such_engine_at_all", "openvino", "OpenVINO")
    assert raised.value.fix == "pip install 'netweight[openvino]'"


def test_one_that_does_not_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_engine.py").write_text("import a_library_that_it_needs\n")
    (tmp_path / "raising_engine.py").write_text("raise RuntimeError('bad\\nbuild')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        EngineError, match="installed and does not import: ModuleNotFoundError: No module named 'a_library"
    ):
        imported("broken_engine", "openvino", "OpenVINO")
    with pytest.raises(EngineError, match="RuntimeError: bad build"):
        imported("raising_engine", "openvino", "OpenVINO")
    sys.modules.pop("broken_engine", None)


def test_its_own_words_are_kept_and_an_interrupt_passes() -> None:
    with (
        pytest.raises(EngineError, match="OpenVINO cannot run the network: ValueError: no such shape"),
        in_its_words("OpenVINO", "run the network"),
    ):
        raise ValueError("no such\n  shape")
    with pytest.raises(KeyboardInterrupt), in_its_words("OpenVINO", "run"):
        raise KeyboardInterrupt
    assert said(ValueError("x" * 1000)).endswith("x ...")
