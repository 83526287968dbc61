"""Files are whole: what was there before stays until the new one is complete."""

import os
import stat
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from netweight import capture, export, weigh
from netweight.array_files import write_arrays
from netweight.cli.main import run
from netweight.errors import UsageError
from netweight.files import whole_file, write_text


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_failure_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")

    def written(file: IO[bytes]) -> None:
        file.write(b"half of the new one")
        raise KeyError

    with pytest.raises(KeyError), whole_file(path) as file:
        written(file)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["report.json"]


def test_no_room_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"to write '.*y', got: No space left on device"), whole_file(tmp_path / "y"):
        raise OSError(28, os.strerror(28))
    with pytest.raises(UsageError, match="got: No such file or directory"):
        write_text(tmp_path / "nowhere" / "y", "text")
    assert not names(tmp_path)


def test_permissions_are_kept_and_new_files_follow_the_mask(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("")
    old.chmod(0o640)
    mask = os.umask(0o027)
    try:
        write_text(old, "é")
        write_text(new, "text")
    finally:
        os.umask(mask)
    assert old.read_bytes() == "é".encode()
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert stat.S_IMODE(new.stat().st_mode) == 0o640
    old.chmod(0o600)
    write_text(old, "again")
    assert stat.S_IMODE(old.stat().st_mode) == 0o600


def test_a_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert names(tmp_path / "there") == ["target"]
    with pytest.raises(KeyError), whole_file(link):
        raise KeyError
    assert target.read_text() == "new"


def test_what_is_no_file_is_written_as_it_comes() -> None:
    nowhere = Path(os.devnull)
    before = nowhere.stat().st_ino
    write_text(nowhere, "gone")
    assert nowhere.stat().st_ino == before
    assert nowhere.is_char_device()


def test_reports_arrays_and_models_go_through_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each writer asks for the disk before it takes the place of the old file: without one the old file stays."""
    pytest.importorskip("onnx")

    def no_disk(_descriptor: int) -> None:
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(os, "fsync", no_disk)
    paths = [tmp_path / name for name in ("r.json", "y.npy", "y.npz", "m.onnx", "g.json")]
    for path in paths:
        path.write_text("old")
    assert run(["lenet5", "-o", str(paths[0])]) == 2
    for path in paths[1:3]:
        with pytest.raises(UsageError, match="Input/output error"):
            write_arrays(path, {"y": np.ones(2)})
    for path in paths[3:]:
        with pytest.raises(UsageError, match="Input/output error"):
            export("lenet5", path)
    assert all(path.read_text() == "old" for path in paths)
    assert len(names(tmp_path)) == len(paths)


def test_a_stored_graph_is_the_same_network(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    export("resnet18", path, batch=2)
    assert capture(path) == capture("resnet18", batch=2)
    profile = weigh(str(path))
    assert profile.model.source == "json"
    assert profile.totals == weigh("resnet18", batch=2).totals
    export(path, path, bits="8")
    assert weigh(path).totals.model_size_bytes == profile.totals.params == 11_689_512
