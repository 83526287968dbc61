"""Device files: those that come with netweight, those of a user, and this machine as a fake tree shows it."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path

import pytest

import netweight
from netweight.analysis.devices import table
from netweight.analysis.devices.read import read_device
from netweight.analysis.devices.table import device, devices
from netweight.cli.main import run
from netweight.errors import FormatError, UnknownNameError, UsageError
from netweight.report.device_file import to_toml
from netweight.results.device import Device

Captured = pytest.CaptureFixture[str]
FILES = sorted(Path(table.__file__).parent.glob("*.toml"))
GOOD = """
title = "A chip"
kind = "npu"
cores = "one"

[compute.int8]
dense = 1e9
source = "https://example.org/sheet"
entered = 2026-01-02

[memory.sram]
bytes = 1_000
bytes_per_second = 2e9
on_chip = true
source = "https://example.org/sheet"
entered = 2026-01-02
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def written(tmp_path: Path, text: str, name: str = "my.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_devices_that_people_ask_for() -> None:
    asked = {
        "h100-sxm", "h100-pcie", "h200", "b200", "a100-40", "a100-80", "l4", "l40", "rtx-4090", "mi300x", "jetson-orin",
        "raspberry-pi-5", "apple-m1", "apple-m2", "apple-m3", "apple-m4", "xeon-8480", "epyc-7763", "epyc-9654",
        "stm32f746", "stm32h743", "esp32-s3", "ethos-u55",
    }  # fmt: skip
    assert asked <= set(devices())
    assert (device("H100").name, device("a100").name) == ("h100-sxm", "a100-80")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_figure_has_a_source_and_can_be(path: Path) -> None:
    found = read_device(path)
    figures = [*found.compute.values(), *found.memory.values(), *([found.power] if found.power else [])]
    assert all(figure.source.startswith("https://") for figure in figures)
    assert all(figure.entered >= date(2026, 12, 1) for figure in figures)
    assert found.compute
    for name, rate in found.compute.items():
        assert rate.unit, name
        assert rate.accumulate, name
        if rate.sparse_ops_per_second is not None:
            assert rate.sparse_ops_per_second == pytest.approx(2 * rate.ops_per_second, rel=0.01), name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_memories_are_apart_and_in_order(path: Path) -> None:
    """What lies on the chip is no slower than what does not; caches and flash are what their names say."""
    found = read_device(path)
    for name, store in found.memory.items():
        assert store.cache == name.startswith("l"), name
        assert (store.holds == "weights") == (name == "flash"), name
        assert store.on_chip == (store.cache or name == "sram"), name
        assert (name == "dram") == (found.kind in ("gpu", "cpu", "soc") and not store.cache)
    speeds = {s.on_chip: s.bytes_per_second for s in found.memory.values() if s.bytes_per_second and s.holds == "all"}
    assert speeds.get(True, 1e99) >= speeds.get(False, 0)
    if found.kind == "mcu":
        assert {"sram", "flash"} <= set(found.memory)


def test_narrower_types_are_no_slower() -> None:
    for found in devices().values():
        for wide, narrow in (("fp64", "fp32"), ("fp32", "tf32"), ("fp32", "fp16"), ("fp16", "fp8"), ("int8", "int4")):
            if {wide, narrow} <= set(found.compute):
                assert found.compute[wide].ops_per_second <= found.compute[narrow].ops_per_second, found.name


def test_published_peaks_and_those_by_formula() -> None:
    """NVIDIA's and AMD's data sheets, and 56 cores x 2.0 GHz x two pipes x 16 lanes x 2."""
    assert device("a100-80").compute["tf32"].ops_per_second == 156e12
    assert device("h200").memory["dram"].bytes_per_second == 4.8e12
    assert device("mi300x").compute["fp16"].ops_per_second == 1307.4e12
    assert device("xeon-8480").compute["fp32"].ops_per_second == 56 * 2.0e9 * 2 * 16 * 2
    assert device("apple-m1").compute["fp32"].ops_per_second == pytest.approx(2.6e12, rel=0.01)
    assert device("jetson-orin").compute["int8"].ops_per_second == pytest.approx(85e12, rel=0.01)


def test_a_users_file_is_read_and_stands_for_ours(tmp_path: Path, capsys: Captured) -> None:
    path = written(tmp_path, GOOD)
    assert netweight.latency("lenet5", device=str(path), bits=8).totals.compute_s == pytest.approx(
        netweight.weigh("lenet5", bits=8).totals.ops_total / 1e9
    )
    folder = tmp_path / "config" / "netweight" / "devices"
    folder.mkdir(parents=True)
    written(folder, GOOD, "h200.toml")
    assert device("h200").title == "A chip"
    assert run(["devices", "show", "h200"]) == 0
    assert f"from {folder / 'h200.toml'}" in capsys.readouterr().out
    assert run(["latency", "lenet5", "--bits", "8", "--device", "h200"]) == 0
    assert f"device h200 is that of {folder / 'h200.toml'}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "dense = 1e9",
            "dense = 0",
            "[compute.int8] dense: expected 100,000 to 1e+18 operations per second, got 0",
        ),
        ("dense = 1e9", "dense = -1e9", "[compute.int8] dense"),
        ("dense = 1e9", "dense = 1e30", "[compute.int8] dense"),
        ("dense = 1e9", "dense = nan", "expected a number of operations per second, got nan"),
        ("dense = 1e9", "dense = 66.9", "operations per second themselves, no thousands or millions of them"),
        ("dense = 1e9", "dense = true", "expected a number of operations per second, got True"),
        ("dense = 1e9", 'dense = "1e9"', "got '1e9'"),
        ("dense = 1e9", "dense = 1e9\nsparse = 0.5e9", "[compute.int8] sparse: expected at least the dense peak"),
        ("dense = 1e9", "dense = 1e9\nclock_hz = 1e9", "the peak or a formula"),
        ("dense = 1e9", "units = 4", "[compute.int8] clock_hz is missing"),
        ("dense = 1e9", "dens = 1e9", "[compute.int8] dens is no entry of a device file"),
        ("compute.int8", "compute.int9", "[compute.int9] is no arithmetic"),
        ("dense = 1e9", "units = 4\nclock_hz = 480\nper_cycle = 4", "[compute.int8] clock_hz: expected 100,000"),
        ("bytes = 1_000", "bytes = 0", "[memory.sram] bytes"),
        ("bytes = 1_000", "bytes = 100.5", "a whole number"),
        ("bytes_per_second = 2e9", "bytes_per_second = inf", "[memory.sram] bytes_per_second"),
        ("bytes_per_second = 2e9", "bytes_per_second = 0", "[memory.sram] bytes_per_second"),
        ("on_chip = true", "on_chip = 1", "true or false"),
        ("on_chip = true", 'holds = "weights"', "expected memory that a program writes"),
        ("on_chip = true", 'holds = "nothing"', "all or weights"),
        ("entered = 2026-01-02", "", "entered: expected a date"),
        ('source = "https://example.org/sheet"', "", "source is missing"),
        ('kind = "npu"', 'kind = "tpu"', "one of gpu, cpu"),
        ('title = "A chip"', "", "title is missing"),
        ('title = "A chip"', "title = 5", "title: expected a text, got 5"),
        ('title = "A chip"', "title = ", "expected TOML"),
        ("[memory.sram]", "[memory]\nsram = 5\n[other]", "other is no entry"),
    ],
)
def test_bad_files(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(FormatError) as raised:
        read_device(written(tmp_path, GOOD.replace(old, new, 1)))
    assert message in str(raised.value)
    assert "my.toml" in str(raised.value)


def test_no_file_and_no_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        device(str(tmp_path / "no.toml"))
    for none in (tmp_path, Path("/dev/zero")):
        with pytest.raises(FormatError, match="expected a device file"):
            device(f"{none}/" if none.is_dir() else str(none))
    with pytest.raises(UnknownNameError) as raised:
        device("h10")
    assert "h100" in str(raised.value.fix)
    for wrong in (5, True, b"h100", ["h100"]):
        with pytest.raises(UsageError, match="device: expected a text"):
            netweight.devices(wrong)  # type: ignore[arg-type]
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match="expected TOML"):
        device(str(tmp_path / "b.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_device_is_written_as_the_file_that_it_is(path: Path, tmp_path: Path) -> None:
    found = read_device(path)
    again = read_device(written(tmp_path, to_toml(found), path.name))
    assert _figures(again) == _figures(found)


def _figures(found: Device) -> tuple[object, ...]:
    rates = {
        name: (
            rate.ops_per_second,
            rate.sparse_ops_per_second,
            rate.accumulate,
            rate.unit,
            rate.product,
            rate.source,
            rate.note,
        )
        for name, rate in found.compute.items()
    }
    return found.title, found.kind, found.cores, rates, found.memory, found.power


def test_the_command(capsys: Captured) -> None:
    assert run(["devices"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in devices())
    assert max(map(len, listed.splitlines()[:-1])) <= 80
    assert (
        device("xeon-8480-avx512").compute["int8"].ops_per_second < device("xeon-8480").compute["int8"].ops_per_second
    )
    assert run(["devices", "show", "h100", "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    found = answer["devices"][0]
    assert answer["schema"] == "netweight/devices/1"
    assert (found["name"], found["compute"]["fp16"]["ops_per_second"]) == ("h100-sxm", 989.4e12)
    assert run(["devices", "show", "stm32h743", "--format", "toml"]) == 0
    assert tomllib.loads(capsys.readouterr().out)["memory"]["flash"]["bytes"] == 2 << 20
    for bad in (["show"], ["list", "h100"], ["detect", "h100"], ["show", "h10"], ["--format", "toml"]):
        assert run(["devices", *bad]) == 2
        assert capsys.readouterr().out == ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_products_are_the_peaks(path: Path) -> None:
    for name, entry in tomllib.loads(path.read_text(encoding="utf-8"))["compute"].items():
        rate = read_device(path).compute[name]
        if "dense" in entry:
            assert (rate.ops_per_second, rate.product, rate.formula) == (entry["dense"], None, "")
        else:
            assert rate.ops_per_second == entry["units"] * entry["clock_hz"] * entry["per_cycle"]
            assert f"{entry['clock_hz'] / 1e6:,.0f} MHz" in rate.formula


POWER = '[power]\ntdp_watts = {}\nsource = "https://example.org/sheet"\nentered = 2026-01-02\n'


@pytest.mark.parametrize("watts", ["0", "-5", "700_000", "nan", "true"])
def test_power_is_in_watts(tmp_path: Path, watts: str) -> None:
    power = read_device(written(tmp_path, GOOD + POWER.format("700"))).power
    assert power is not None
    assert power.tdp_watts == 700
    with pytest.raises(FormatError, match="tdp_watts"):
        read_device(written(tmp_path, GOOD + POWER.format(watts)))


def test_files_that_no_device_needs(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="expected a device file, got one of"):
        read_device(written(tmp_path, GOOD + "#" * 1_000_000))
    cache = '[memory.l2]\nbytes = 1_000\ncache = true\nholds = "weights"\nsource = "a"\nentered = 2026-01-02\n'
    with pytest.raises(FormatError, match="cache"):
        read_device(written(tmp_path, GOOD + cache))
    with pytest.raises(FormatError, match="expected TOML"):
        read_device(written(tmp_path, "a = " + "[" * 100_000))


GPU = GOOD.replace('"npu"', '"gpu"').replace("on_chip = true\n", "").replace("memory.sram", "memory.dram")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bytes = 1_000", "bytes = 80", "[memory.dram] bytes: expected bytes, got 80"),
        ("bytes = 1_000", "bytes = 80_000_000_000\nholds = 5", "[memory.dram] holds"),
        ("bytes = 1_000\nbytes_per_second = 2e9", "bytes = 80_000_000_000\nbytes_per_second = 3_350_000",
         "[memory.dram] bytes_per_second: expected bytes per second, got 3,350,000"),
    ],
)  # fmt: skip
def test_gigabytes_are_not_taken_for_bytes(tmp_path: Path, old: str, new: str, message: str) -> None:
    for kind in ("gpu", "cpu", "soc"):
        with pytest.raises(FormatError) as raised:
            read_device(written(tmp_path, GPU.replace(old, new, 1).replace('"gpu"', f'"{kind}"')))
        assert message in str(raised.value)


def test_a_bad_file_of_the_users_stops_what_names_it_alone(tmp_path: Path, capsys: Captured) -> None:
    folder = tmp_path / "config" / "netweight" / "devices"
    folder.mkdir(parents=True)
    bad = written(folder, GOOD.replace("dense = 1e9", "dense = 0"), "bad.toml")
    written(folder, 'aliases = ["mine"]\n' + GOOD, "chip.toml")
    assert device("h200").memory["dram"].bytes_per_second == 4.8e12
    for named in (["devices", "show", "bad"], ["devices"], ["latency", "lenet5", "--device", "bad"]):
        assert run(named) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert f"{bad}: [compute.int8] dense" in said.err
    bad.unlink()
    assert device("mine").name == "chip"


def test_a_users_file_stands_for_ours_under_its_other_names(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "netweight" / "devices"
    folder.mkdir(parents=True)
    written(folder, GOOD, "h100-sxm.toml")
    assert device("h100").title == "A chip"
