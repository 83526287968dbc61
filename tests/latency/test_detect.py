"""This machine as a device, as fake trees of files show it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from netweight.analysis.devices.detect import machine
from netweight.analysis.devices.detected import detected
from netweight.analysis.devices.read import read_device
from netweight.analysis.devices.table import device
from netweight.errors import UsageError
from netweight.report.device_file import to_toml


def fake(root: Path, cpuinfo: str, **files: str) -> Path:
    (root / "proc").mkdir(parents=True)
    (root / "proc/cpuinfo").write_text(cpuinfo)
    (root / "proc/meminfo").write_text("MemTotal:       16000000 kB\nMemFree: 1 kB\n")
    for at, (level, kind, size) in enumerate(((1, "Data", "32K"), (1, "Instruction", "32K"), (2, "Unified", "1M"))):
        folder = root / f"sys/devices/system/cpu/cpu0/cache/index{at}"
        folder.mkdir(parents=True)
        for name, text in (("level", str(level)), ("type", kind), ("size", size)):
            (folder / name).write_text(f"{text}\n")
    for path, text in files.items():
        (root / path.replace("__", "/")).parent.mkdir(parents=True, exist_ok=True)
        (root / path.replace("__", "/")).write_text(text)
    return root


def test_a_machine_of_its_own(tmp_path: Path) -> None:
    info = "".join(
        f"processor\t: {at}\nmodel name\t: A CPU\ncpu MHz\t\t: 2000.000\nflags\t\t: fma avx2 avx512f\n\n"
        for at in range(4)
    )
    governor = {"sys__devices__system__cpu__cpu0__cpufreq__scaling_governor": "performance\n"}
    found = machine(fake(tmp_path, info, **governor))
    assert (found.cpu, found.cores, found.clock_hz, found.governor) == ("A CPU", 4, 2e9, "performance")
    assert found.caches == {"L1d": 32 << 10, "L2": 1 << 20}
    assert (found.sets, found.virtual, found.hidden) == (("fma", "avx2", "avx512f"), "", ())
    own = detected(found, today=date(2026, 1, 2))
    assert own.compute["fp32"].ops_per_second == 4 * 2e9 * 2 * 16 * 2
    assert own.compute["fp64"].ops_per_second == own.compute["fp32"].ops_per_second / 2
    assert own.memory["dram"].nbytes == 16_000_000 * 1024
    assert own.memory["l2"].cache


def test_peaks_are_at_the_fastest_clock_that_is_known(tmp_path: Path) -> None:
    info = "processor\t: 0\nmodel name\t: A CPU\ncpu MHz\t\t: 1000.0\nflags\t\t: fma\n"
    fastest = {"sys__devices__system__cpu__cpu0__cpufreq__cpuinfo_max_freq": "3500000\n"}
    found = machine(fake(tmp_path, info, **fastest))
    assert (found.clock_hz, found.max_clock_hz) == (1e9, 3.5e9)
    rate = detected(found, today=date(2026, 1, 2)).compute["fp32"]
    assert (rate.ops_per_second, rate.note) == (3.5e9 * 2 * 8 * 2, "")


def test_what_a_virtual_machine_hides_is_said(tmp_path: Path) -> None:
    info = "processor\t: 0\nmodel name\t: A CPU\ncpu MHz\t\t: 1000.0\nflags\t\t: fma avx2 hypervisor\n"
    found = machine(fake(tmp_path, info, sys__hypervisor__type="xen\n"))
    assert found.virtual == "xen"
    assert len(found.hidden) == 4
    assert detected(found, today=date(2026, 1, 2)).compute["fp32"].ops_per_second == 1e9 * 2 * 8 * 2
    own = detected(found, today=date(2026, 1, 2))
    assert "a virtual machine (xen)" in own.notes
    assert {f"not known here: {hidden}" for hidden in found.hidden} <= set(own.notes)
    assert "clock" in own.compute["fp32"].note


def test_a_system_that_says_nothing(tmp_path: Path) -> None:
    found = machine(tmp_path)
    assert (found.cores, found.clock_hz, found.caches, found.memory_bytes) == (1, None, {}, None)
    with pytest.raises(UsageError, match="does not say how much memory"):
        detected(found, today=date(2026, 1, 2))


AVX512 = "fma avx2 avx512f avx512bw avx512_vnni avx512_bf16 avx512_fp16"


@pytest.mark.parametrize(
    ("line", "flags", "same"),
    [
        ("flags", f"{AVX512} amx_tile amx_bf16 amx_int8", "xeon-8480"),
        ("flags", AVX512, "xeon-8480-avx512"),
        ("flags", "fma avx2", "epyc-7763"),
        ("Features", "asimd asimdhp asimddp", "raspberry-pi-5"),
    ],
)
def test_peaks_of_instruction_sets_are_those_of_a_chip_that_has_them(
    tmp_path: Path, line: str, flags: str, same: str
) -> None:
    info = "\n".join(
        f"processor\t: {at}\nphysical id\t: 0\ncore id\t: {at // 2}\nmodel name\t: A CPU\ncpu MHz\t: 2000.0\n"
        f"{line}\t: {flags}\n"
        for at in range(4)
    )
    found = machine(fake(tmp_path, info))
    assert (found.cores, found.threads) == (2, 4)
    own = detected(found, today=date(2026, 1, 2))
    assert own.cores == "2 cores, 4 threads"
    theirs = {name: rate.product.ops_per_cycle for name, rate in device(same).compute.items() if rate.product}
    assert {name: rate.ops_per_second / (2 * 2e9) for name, rate in own.compute.items()} == theirs


def test_a_tile_unit_does_16_rows_of_16_columns_in_16_cycles() -> None:
    """TDPBUSD: 16 x 16 x 64 products of 8 bits; TDPBF16PS: 16 x 16 x 32 of 16 bits."""
    xeon = device("xeon-8480").compute
    assert xeon["int8"].ops_per_second == 56 * 2.0e9 * 16 * 16 * 64 * 2 / 16
    assert xeon["bf16"].ops_per_second == 56 * 2.0e9 * 16 * 16 * 32 * 2 / 16


def test_this_machine_is_a_file_to_change(tmp_path: Path) -> None:
    info = "processor\t: 0\nmodel name\t: A CPU\ncpu MHz\t\t: 1000.0\nflags\t\t: fma avx2\n"
    text = to_toml(detected(machine(fake(tmp_path / "root", info)), today=date(2026, 1, 2)))
    assert "# instruction sets: fma, avx2\n" in text
    path = tmp_path / "my.toml"
    path.write_text(text, encoding="utf-8")
    again = read_device(path)
    assert again.compute["int8"].product is not None
    assert again.compute["int8"].ops_per_second == 1e9 * 2 * 32 * 2


def test_a_machine_of_unknown_instruction_sets_has_no_peaks(tmp_path: Path) -> None:
    own = detected(machine(fake(tmp_path, "processor\t: 0\n")), today=date(2026, 1, 2))
    assert own.compute == {}
    assert own.memory["dram"].nbytes == 16_000_000 * 1024
    assert any("there are no peaks" in note for note in own.notes)
