"""Files of calibrations: whole, broken, foreign, outdated."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.calibration.fakes import law

from netweight.calibration.calibration import Calibration, Conditions
from netweight.calibration.fit import Fitted
from netweight.calibration.store import calibrations_folder, check, read, to_json, write
from netweight.calibration.whole import checked
from netweight.errors import FormatError, UsageError

HERE = Conditions(
    cpu="A processor", sets=("avx", "avx2"), cores=2, governor="performance", engine="openvino", engine_version="1.0",
    netweight_version="0.1", threads=1,
)  # fmt: skip
PLAIN = Calibration(
    conditions=HERE, measured="2026-01-02T03:04:05+00:00", disturbed=("heat",), cache_bytes=1 << 20,
    laws={"linear": Fitted(law=law(bends=(0.1, -0.2)), samples=9, low=0.9, high=1.2, error=0.05)},
    whole=checked([("a", 1.0, 1.1), ("b", 2.0, 2.0)]), probe_s=0.002,
)  # fmt: skip


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(PLAIN, tmp_path / "deep" / "c.json")
    assert read(tmp_path / "deep" / "c.json") == PLAIN


def test_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert calibrations_folder() == tmp_path / "netweight" / "calibrations"
    monkeypatch.setenv("XDG_DATA_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert calibrations_folder() == tmp_path / ".local" / "share" / "netweight" / "calibrations"


def put(*keys: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        place: Any = data
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("schema", to="netweight/profile/1"), "expected schema"),
        (put("conditions", "engine", to="abacus"), "engine 'abacus'"),
        (put("conditions", "colour", to="red"), "colour"),
        (put("laws", "linear", "law", "ops_per_second", to=0), "linear"),
        (put("laws", "linear", "law", "ops_per_second", to=-5.0), "linear"),
        (put("laws", "linear", "law", "ops_per_second", to=float("nan")), "linear"),
        (put("laws", "linear", "law", "cold_bytes_per_second", to=float("inf")), "linear"),
        (put("laws", "linear", "law", "overhead_s", to="soon"), "linear"),
        (put("laws", "linear", "law", "overhead_s", to=True), "linear"),
        (put("laws", "linear", "law", "sharpness", to=0.5), "linear"),
        (put("laws", "linear", "law", "bends", to=[float("nan")]), "bends"),
        (put("laws", "linear", "low", to=0), "linear"),
        (put("laws", "linear", to=None), "none"),
        (put("laws", to=[]), "none"),
        (put("whole", "factor", to=0.0), "whole networks"),
        (put("whole", "networks", to=[{}]), "none"),
        (put("cache_bytes", to="much"), "none"),
        (put("probe_s", to=0.0), "probe_s"),
        (put("conditions", to={}), "none"),
    ],
)
def test_broken_files(tmp_path: Path, change: Callable[[dict[str, Any]], None], message: str) -> None:
    data = json.loads(to_json(PLAIN))
    change(data)
    path = tmp_path / "c.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(FormatError, match=message):
        read(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '{"schema": 3}', "\x00", "[" * 100_000])
def test_files_that_are_something_else(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=r"c\.json is none"):
        read(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match="no text"):
        read(tmp_path / "bytes.json")
    with pytest.raises(UsageError, match="No such file"):
        read(tmp_path / "none.json")
    with pytest.raises(UsageError, match="expected to read"):
        read(tmp_path)


def test_a_calibration_holds_where_it_was_measured() -> None:
    check(PLAIN, HERE, where="c.json")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cpu": "Another"}, "processor: A processor when it was measured, Another now"),
        ({"sets": ("avx",)}, "instruction sets: avx, avx2 when it was measured, avx now"),
        ({"cores": 4}, "number of cores: 2 when it was measured, 4 now"),
        ({"governor": ""}, "governor of the clock: performance when it was measured, none to be seen now"),
        ({"engine": "torch"}, "engine: openvino when it was measured, torch now"),
        ({"engine_version": "2"}, r"version of the engine: 1.0 when it was measured, 2 now"),
        ({"netweight_version": "9"}, "version of netweight: 0.1 when it was measured, 9 now"),
        ({"threads": 2}, "number of threads: 1 when it was measured, 2 now"),
    ],
)
def test_foreign_and_outdated_ones_are_refused(changed: dict[str, Any], message: str) -> None:
    here = replace(HERE, **changed)
    with pytest.raises(UsageError) as caught:
        check(PLAIN, here, where="c.json")
    assert message in caught.value.why
    assert len(caught.value.why.splitlines()) == 1
    assert f"--engine {here.engine} --threads {here.threads}" in caught.value.fix
