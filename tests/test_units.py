import pytest

from netweight.errors import UsageError
from netweight.units import exact, parse, scaled


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
    ],
)
def test_scaled(value: int, unit: str, units: str, text: str) -> None:
    assert scaled(value, unit, units=units) == text  # type: ignore[arg-type]


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
