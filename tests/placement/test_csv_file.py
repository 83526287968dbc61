"""CSV files of buffers: what is read, and the one error of each that cannot be."""

from pathlib import Path

import pytest

from netweight import limits
from netweight.errors import FormatError
from netweight.placement import Buffer
from netweight.placement.csv_file import read

HEAD = "id,lower,upper,size\n"


def file_of(folder: Path, text: str | bytes) -> Path:
    path = folder / "problem.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_columns_in_any_order_with_spaces_and_a_mark(tmp_path: Path) -> None:
    text = "\ufeffSize, id ,upper,lower,offset,alignment\r\n8,a,2,0,,4\r\n\r\n4,b,3,1,16,\r\n"
    assert read(file_of(tmp_path, text), alignment=2) == (Buffer("a", 0, 2, 8, 4), Buffer("b", 1, 3, 4, 2, 16))


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "expected the columns id, lower, upper, size, got none called id", 1),
        ("id,lower,upper\n", "expected the columns id, lower, upper, size, got none called size", 1),
        ("id,lower,upper,size,speed\n", "expected columns that are known, got 'speed'", 1),
        ("id,lower,upper,size,size\n", "expected each column once, got size twice", 1),
        (HEAD + "a,0,1,-1\n", "buffer a: expected a size from 0 bytes on, got -1", 2),
        (HEAD + "a,2,2,1\n", "buffer a: expected lower < upper, got a lifetime of 2 to 2", 2),
        (HEAD + "a,0,1,1\nb,3,2,1\n", "buffer b: expected lower < upper, got a lifetime of 3 to 2", 3),
        (HEAD + "a,0,1,1\na,1,2,1\n", "expected each id once, got 'a' twice", 3),
        (HEAD + "a,0,1\n", "expected 4 fields, got 3", 2),
        (HEAD + "a,0,1,1,1\n", "expected 4 fields, got 5", 2),
        (HEAD + "a,0,1,1.5\n", "buffer a: size: expected a whole number, got '1.5'", 2),
        (HEAD + f"a,0,1,{'9' * 30}\n", "buffer a: size: expected a number of at most", 2),
        (HEAD + ",0,1,1\n", "expected an id, got an empty one", 2),
        (HEAD + '"a,0,1,1\n', "expected rows of id, lower, upper, size", 2),
        (HEAD + "a" * 70_000, "expected lines of at most 65,536 characters, got a longer one", 1),
    ],
)
def test_what_is_no_problem(tmp_path: Path, text: str, message: str, line: int) -> None:
    path = file_of(tmp_path, text)
    with pytest.raises(FormatError) as caught:
        read(path)
    assert message in caught.value.message
    assert caught.value.__notes__ == [f"{path}: line {line}"]


def test_a_plan_has_an_offset_for_each(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="buffer b: expected an offset, got none"):
        read(file_of(tmp_path, "id,lower,upper,size,offset\na,0,1,1,0\nb,0,1,1,\n"), plan=True)
    with pytest.raises(FormatError, match="got none called offset"):
        read(file_of(tmp_path, HEAD), plan=True)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", HEAD.encode() + b"\xe9,0,1,1\n"])
def test_other_bytes_are_no_text(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(FormatError, match="got no UTF-8 text"):
        read(file_of(tmp_path, data))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="expected a CSV of buffers"):
        read(tmp_path / "none.csv")
    with pytest.raises(FormatError, match="got the directory"):
        read(tmp_path)


def test_more_rows_than_the_limit(tmp_path: Path) -> None:
    path = file_of(tmp_path, HEAD + "".join(f"{row},0,1,1\n" for row in range(12)))
    with limits.raised(buffers=11), pytest.raises(FormatError, match="expected at most 11 buffers, got more") as caught:
        read(path)
    assert "buffers=" in caught.value.fix
    with limits.raised(buffers=12):
        assert len(read(path)) == 12
