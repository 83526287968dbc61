import pytest

from netweight.errors import UsageError
from netweight.units import exact, parse, scaled, scaled_count, scaled_part


@pytest.mark.parametrize(
    ("value", "unit", "units", "text"),
    [
        (0, "B", "si", "0 B"),
        (999, "B", "si", "999 B"),
        (1000, "B", "si", "1.00 kB"),
        (999_999, "", "si", "1.00 M"),
        (243_860_896, "B", "si", "244 MB"),
        (60_965_224, "B", "si", "61.0 MB"),
        (1_404_928, "B", "iec", "1.34 MiB"),
        (1023, "B", "iec", "1023 B"),
        (1024, "B", "iec", "1.00 KiB"),
        (724_406_816, "MACs", "si", "724 MMACs"),
        (-1500, "B", "si", "-1.50 kB"),
        (10**21, "B", "si", "1000 EB"),
        (12345, "B", "raw", "12345 B"),
        (9_996, "", "si", "10.0 k"),
        (99_950, "", "si", "100 k"),
        (99_949, "", "si", "99.9 k"),
        (999_499, "", "si", "999 k"),
        (1_125_000, "", "si", "1.13 M"),
        (1_023_900, "", "iec", "1000 Ki"),
        (1_048_000, "", "iec", "1023 Ki"),
        (1_048_100, "", "iec", "1.00 Mi"),
    ],
)
def test_scaled(value: int, unit: str, units: str, text: str) -> None:
    assert scaled(value, unit, units=units) == text  # type: ignore[arg-type]


@pytest.mark.parametrize("prefix", ["k", "M", "G", "T"])
@pytest.mark.parametrize("number", ["1.00", "1.01", "9.99", "10.0", "99.9", "100", "999"])
def test_what_is_shown_is_the_nearest_number_of_three_digits(number: str, prefix: str) -> None:
    """The least and the largest amount that are nearer to this number than to its neighbours."""
    scale = 1000 ** ("kMGT".index(prefix) + 1)
    step = scale // 10 ** len(number.partition(".")[2])
    exactly = round(float(number) * scale)
    below = step // 10 if number in ("1.00", "10.0", "100") else step
    assert scaled(exactly + step // 2 - 1) == scaled(exactly) == scaled(exactly - below // 2) == f"{number} {prefix}"
    assert scaled(exactly + (step + 1) // 2) != f"{number} {prefix}" != scaled(exactly - (below + 1) // 2 - 1)


def test_parameters_are_counted_in_billions_and_a_part_leaves_out_the_prefix_of_the_whole() -> None:
    assert scaled_count(68_976_648_192) == scaled_count(68_976_648_192, units="iec") == "69.0 B"
    assert (scaled_count(61_706), scaled_count(999_999_999_999), scaled_count(7)) == ("61.7 k", "1.00 T", "7")
    assert scaled_part(1_448_813_632, 1_455_404_104) == "1.45"
    assert scaled_part(998_000_000, 1_002_000_000) == "998 M"
    assert scaled_part(12, 30_000) == "12"
    assert scaled_part(12, 30, units="raw") == "12"


def test_exact_groups_digits_unless_raw_and_marks_the_unknown() -> None:
    assert (exact(1234567), exact(1234567, units="raw"), exact(None)) == ("1,234,567", "1234567", "-")


@pytest.mark.parametrize(
    ("text", "amount"),
    [("256 KiB", 262_144), ("1MB", 10**6), ("1.5 kB", 1500), ("42", 42), ("2Gi", 2**31), ("1e3", 1000)],
)
def test_parse(text: str, amount: int) -> None:
    assert parse(text) == amount


@pytest.mark.parametrize(
    ("text", "why"), [("", "number"), ("x", "number"), ("1 Q!", "number"), ("0.3 B", "whole amount")]
)
def test_parse_refuses(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=f"expected a .*{why}"):
        parse(text)
