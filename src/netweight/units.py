"""Numbers with units, as text and back: the only place that knows "G" or "KiB".

SI prefixes (1 MB = 1,000,000 bytes) are the default; IEC (1 MiB = 1,048,576 bytes) and raw integers on request.
"""

import re
from typing import Literal

from netweight.errors import UsageError

Units = Literal["si", "iec", "raw"]

_SI = ("", "k", "M", "G", "T", "P", "E")
_SHOWN = 40  # characters of a number that a message repeats
_IEC = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


def scaled(value: float, unit: str = "", *, units: Units = "si", digits: int = 3) -> str:
    """A quantity with a prefix, ``digits`` significant digits and at least every digit before the point.

    Halves are rounded up, and no digit is lost: whole numbers are divided exactly.

    >>> scaled(1_448_813_632, "FLOP")
    '1.45 GFLOP'
    >>> scaled(1_404_928, "B", units="iec", digits=4)
    '1.340 MiB'
    >>> scaled(60_965_224, "params", units="raw")
    '60965224 params'
    """
    if units == "raw":
        return f"{value} {unit}".rstrip()
    number, prefix = _shown(value, units, digits)
    return f"{number} {prefix}{unit}".rstrip()


def decimal(units: Units) -> Units:
    """Units of what is never counted in powers of 1024: parameters, MACs, FLOPs."""
    return "si" if units == "iec" else units


def scaled_count(value: int, *, units: Units = "si") -> str:
    """A number of parameters as papers write it: k, M, B for billions, T; never in powers of 1024.

    >>> scaled_count(61_706), scaled_count(68_976_648_192), scaled_count(60_965_224, units="raw")
    ('61.7 k', '69.0 B', '60965224')
    """
    text = scaled(value, units=decimal(units))
    return f"{text[:-1]}B" if text.endswith(" G") else text


def scaled_part(value: int, whole: int, *, units: Units = "si") -> str:
    """Part of a quantity, written so that it can stand behind the whole: without its prefix where that is the same.

    >>> scaled_part(1_448_813_632, 1_455_404_104), scaled_part(998_000_000, 1_002_000_000)
    ('1.45', '998 M')
    """
    if units == "raw":
        return str(value)
    (number, prefix), (_, above) = _shown(value, units, 3), _shown(whole, units, 3)
    return number if prefix == above else f"{number} {prefix}".rstrip()


def exact(value: int | None, *, units: Units = "si") -> str:
    """Every digit, in groups of three (no groups for ``raw``); a dash for unknown.

    >>> exact(60965224)
    '60,965,224'
    """
    if value is None:
        return "-"
    return str(int(value)) if units == "raw" else f"{int(value):,}"


def amount(count: int, noun: str) -> str:
    """A number of things, one of them in the singular.

    >>> amount(1, "module"), amount(1200, "guess")
    ('1 module', '1,200 guesses')
    """
    ending = "" if count == 1 else "es" if noun.endswith("s") else "s"
    return f"{exact(count)} {noun}{ending}"


def parse(text: str) -> int:
    """Integer amount from text with an optional prefix and unit.

    >>> parse("256 KiB"), parse("1.5MB"), parse("1e3")
    (262144, 1500000, 1000)

    Raises:
        UsageError: If the text is not a number with a known prefix, or not a whole amount.
    """
    match = re.fullmatch(r"\s*([0-9][0-9_,]*(?:\.[0-9]+)?(?:[eE][0-9]+)?)\s*([kKMGTPE]i?)?\s*([A-Za-z]*)\s*", text)
    if match is None:
        raise UsageError(f"units: expected a number with an optional prefix (256 KiB, 1.5 MB), got {text!r}")
    number, prefix, _ = match.groups()
    scale = 1
    if prefix is not None:
        letter = "k" if prefix[0] in "kK" else prefix[0]
        scale = (1024 if prefix.endswith("i") else 1000) ** _SI.index(letter)
    found = float(number.replace(",", "").replace("_", "")) * scale
    if not found.is_integer():
        raise UsageError(f"units: expected a whole amount, got {text!r} = {found}")
    return int(found)


def parse_bytes(text: str) -> int:
    """Bytes from text, whose unit is ``B`` or left out.

    >>> parse_bytes("256KiB"), parse_bytes("64k")
    (262144, 64000)

    Raises:
        UsageError: If it is no size, or one of something else.
    """
    unit = re.search(r"[A-Za-z]*\s*$", text)
    if unit is None or not re.fullmatch(r"(?:[kKMGTPE]i?)?[bB]?", unit.group().strip()):
        raise UsageError(f"units: expected a size in bytes (256 KiB, 1.5 MB), got {text!r}")
    return parse(text)


def whole(text: str, what: str, *, most: int = (1 << 63) - 1) -> int:
    """Whole number from text, which may have a sign.

    >>> whole("224", "input")
    224

    Args:
        text: Digits.
        what: Whose number it is, for the message.
        most: Largest that is meant in earnest, by default that of a 64-bit size.

    Raises:
        UsageError: If it is larger, or no whole number.
    """
    if re.fullmatch(r"[+-]?[0-9]+", text) is None:
        raise UsageError(f"{what}: expected a whole number, got {text!r}")
    digits = text.lstrip("+-").lstrip("0")
    if len(digits) > len(str(most)) or abs(int(digits or "0")) > most:
        shown = text if len(text) <= _SHOWN else f"one of {len(digits):,} digits"
        raise UsageError(f"{what}: expected a number of at most {most:,}, got {shown}")
    return int(text)


def _shown(value: float, units: Units, digits: int) -> tuple[str, str]:
    """Digits and prefix of a quantity."""
    base, prefixes = (1000, _SI) if units == "si" else (1024, _IEC)
    magnitude, sign = abs(value), "-" if value < 0 else ""
    if magnitude < base - 0.5:
        return f"{sign}{magnitude:g}", ""
    whole, step = round(magnitude), 1
    # Rounding may carry into the next prefix: 999,999 is 1.00 M, not 1000 k.
    while step < len(prefixes) - 1 and float(_divided(whole, base**step, digits)) >= base:
        step += 1
    return f"{sign}{_divided(whole, base**step, digits)}", prefixes[step]


def _divided(dividend: int, by: int, digits: int) -> str:
    """A quotient with so many significant digits; one that rounding carries to 100 has none behind the point."""
    places = max(0, digits - len(str(dividend // by)))
    rounded = _times(dividend, by, places)
    if places and len(str(rounded)) > digits:
        places -= 1
        rounded = _times(dividend, by, places)
    whole, rest = divmod(rounded, 10**places)
    return f"{whole}.{rest:0{places}d}" if places else str(whole)


def _times(dividend: int, by: int, places: int) -> int:
    """``dividend / by`` in units of that decimal place, halves rounded up."""
    return (2 * dividend * 10**places + by) // (2 * by)
