"""Networks, stored reports and revisions of git beside each other; the command."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from pathlib import Path

import pytest

import netweight
from netweight.cli.main import run
from netweight.errors import FormatError, UnknownNameError, UsageError
from netweight.results.comparison import Comparison


@pytest.fixture(scope="module")
def deeper() -> Comparison:
    return netweight.compare("resnet18", "resnet34")


def test_totals_of_published_networks(deeper: Comparison) -> None:
    """11,689,512 and 21,797,672 parameters: torchvision's table of weights."""
    assert deeper.totals["params"].difference == 21_797_672 - 11_689_512


def test_blocks_that_were_added(deeper: Comparison) -> None:
    """Stages of 3, 4, 6 and 3 blocks for 2, 2, 2 and 2: 8 blocks of 7 layers, each 2 convolutions of 3x3.

    Any of them has 115,605,504 MACs: half the sides, twice the channels on both sides.
    """
    assert deeper.counts == {"same": 70, "changed": 0, "moved": 0, "renamed": 0, "added": 8 * 7, "removed": 0}
    added = {row.after.rsplit(".", 1)[0] for row in deeper.layers if row.status == "added" and row.after}
    blocks = {1: (2,), 2: (2, 3), 3: (2, 3, 4, 5), 4: (2,)}
    assert added == {f"layer{stage}.{block}" for stage, numbers in blocks.items() for block in numbers}
    assert deeper.totals["macs"].difference == 16 * 64 * 64 * 3 * 3 * 56 * 56


def test_what_explains_the_change(deeper: Comparison) -> None:
    """16 equal convolutions: 15 of them are 93.75 %, so all 16 are needed."""
    why = deeper.explained["macs"]
    assert len(why.layers) == 16
    assert why.explained == why.whole == deeper.totals["macs"].difference


@pytest.mark.parametrize("figure", ["params", "macs", "flops", "bytes_written"])
def test_fewest_layers(deeper: Comparison, figure: str) -> None:
    """One less would not do."""
    why = deeper.explained[figure]
    sizes = sorted((abs(row.figures[figure].difference or 0) for row in deeper.layers), reverse=True)
    assert why.whole == sum(sizes)
    assert sum(sizes[: len(why.layers) - 1]) < 0.95 * sum(sizes) <= why.explained == sum(sizes[: len(why.layers)])


def test_layers_sum_to_the_total(deeper: Comparison) -> None:
    for figure in ("params", "macs", "flops", "model_size_bytes", "bytes_read"):
        assert sum(row.figures[figure].difference or 0 for row in deeper.layers) == deeper.totals[figure].difference


def test_half_the_width() -> None:
    """Layers keep their names, and those alone are the same that no width changes: 3,504,872 parameters are the whole's
    in torchvision's table, of which 1,281,000 are the last layer's, of any width up to 1.
    """
    found = netweight.compare("mobilenet_v2", "mobilenet_v2:width=0.5")
    assert {status for status, count in found.counts.items() if count} == {"same", "changed"}
    assert found.totals["params"].before == 3_504_872
    last = found.layers[-1]
    assert (last.status, last.figures["params"].before) == ("same", 1280 * 1000 + 1000)
    assert all(row.before == row.after for row in found.layers)


def test_a_stored_report_is_the_same(tmp_path: Path) -> None:
    profile = netweight.weigh("resnet18")
    (tmp_path / "r.json").write_text(profile.to_json())
    found = profile.compare(netweight.weigh(str(tmp_path / "r.json")))
    assert not found.differs
    assert found.counts["same"] == len(profile)
    assert all(total.difference == 0 for total in found.totals.values())


def test_other_inputs_are_said() -> None:
    found = netweight.weigh("lenet5").compare(netweight.weigh("lenet5", batch=2))
    assert found.counts["changed"] == len(found.layers)
    assert any("1x1x32x32" in note and "2x1x32x32" in note for note in found.notes)
    assert found.totals["params"].difference == 0


def test_a_profile_beside_no_profile() -> None:
    with pytest.raises(UsageError, match="expected a profile, got 'mlp'"):
        netweight.weigh("mlp").compare("mlp")  # type: ignore[arg-type]


def test_an_unknown_figure() -> None:
    with pytest.raises(UnknownNameError, match="mac"):
        netweight.compare("mlp", "mlp").to_text(figure="mcas")


def test_formats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(tmp_path / f"c.{suffix}") for suffix in ("json", "csv", "md", "txt")]
    flags = [flag for file in files for flag in ("-o", file)]
    assert run(["compare", "lenet5", "mlp", *flags]) == 0
    assert capsys.readouterr().out.strip() == Path(files[3]).read_text().strip()
    data = json.loads(Path(files[0]).read_text())
    assert data["schema"] == "netweight/comparison/1"
    assert data["differs"] is True
    lines = list(csv.DictReader(Path(files[1]).read_text().splitlines()))
    assert len(lines) == len(data["layers"])
    assert sum(int(line["params_difference"]) for line in lines) == data["totals"]["params"]["difference"]
    assert "| layer |" in Path(files[2]).read_text()


def test_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", "lenet5", "lenet5", "--exit-code"]) == 0
    assert capsys.readouterr().out.endswith("lenet5 -> lenet5: the same, 13 layers\n")
    assert run(["compare", "lenet5", "mlp"]) == 0
    assert run(["compare", "lenet5", "mlp", "--exit-code"]) == 1


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder below the root of a repository, whose branch main has an older graph."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path / "nets"
    folder.mkdir()
    git(tmp_path, "init", "-q", "-b", "main")
    netweight.export("lenet5", folder / "net.json")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "one")
    netweight.export("mlp", folder / "net.json")
    return folder


def test_a_revision_of_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for where, path in ((repository, "net.json"), (repository.parent, "nets/net.json"), (Path("/"), "")):
        monkeypatch.chdir(where)
        file = path or str(repository / "net.json")
        found = netweight.compare(f"{file}@main", file)
        assert (found.before.name, found.after.name) == ("lenet5", "mlp")
    assert not netweight.compare(f"{file}@HEAD~0", netweight.weigh("lenet5")).differs


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("net.json@mian", "a revision that the repository of .* has, got 'mian'\n  fix: did you mean main"),
        ("net.json@--help", "a revision"),
        ("net.json@HEAD:nets", "a revision"),
        ("other.json@main", "has no such file"),
        ("nowhere/net.json@main", "no directory"),
    ],
)
def test_revisions_that_are_none(repository: Path, monkeypatch: pytest.MonkeyPatch, named: str, says: str) -> None:
    monkeypatch.chdir(repository)
    with pytest.raises((UsageError, FormatError), match=says):
        netweight.compare(named, "lenet5")


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"expected (git|a repository)"):
        netweight.compare("net.json@main", "lenet5")


def test_a_pointer_to_a_large_file(repository: Path) -> None:
    (repository / "big.onnx").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\n")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "two")
    with pytest.raises(FormatError, match="pointer of git-lfs"):
        netweight.compare(str(repository / "big.onnx@main"), "lenet5")


def test_a_file_that_is_called_so(tmp_path: Path) -> None:
    netweight.export("mlp", tmp_path / "a.json")
    there = (tmp_path / "a.json").rename(tmp_path / "a.json@main")
    assert not netweight.compare(str(there), "mlp").differs


def test_a_newer_schema(tmp_path: Path) -> None:
    data = netweight.weigh("mlp").to_dict() | {"schema": "netweight/profile/2"}
    (tmp_path / "r.json").write_text(json.dumps(data))
    with pytest.raises(FormatError, match=r"got 'netweight/profile/2'\n  fix: .*newer netweight"):
        netweight.compare(str(tmp_path / "r.json"), "mlp")


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="No such file"):
        netweight.compare(str(tmp_path / "a.onnx"), "mlp")
