"""Pictures of the ten digits as targets of LeNet-5's last hidden layer: 84 = 7 x 12 numbers, ink 1, paper -1.

Source: LeCun et al. 1998, section II.B: fixed codes, drawn by hand, that look alike where the digits do. The pictures
here are drawn anew, in the manner of the paper's Figure 3.
"""

WIDTH, HEIGHT = 7, 12

_PICTURES = """\
..###.. ...#... ..###.. ..###.. .....#. ####### ...###. ####### ..###.. ..###..
.#...#. ..##... .#...#. .#...#. ....##. #...... ..#.... ......# .#...#. .#...#.
#.....# .#.#... #.....# #.....# ....##. #...... .#..... ......# #.....# #.....#
#.....# ...#... ......# ......# ...#.#. #...... #...... .....#. #.....# #.....#
#.....# ...#... ......# .....#. ...#.#. #.###.. #...... .....#. .#...#. #.....#
#.....# ...#... .....#. ..###.. ..#..#. ##...#. #.###.. ....#.. ..###.. .#...##
#.....# ...#... ....#.. .....#. .#...#. ......# ##...#. ....#.. .#...#. ..###.#
#.....# ...#... ...#... ......# #....#. ......# #.....# ...#... #.....# ......#
#.....# ...#... ..#.... ......# ####### ......# #.....# ...#... #.....# ......#
#.....# ...#... .#..... #.....# .....#. #.....# #.....# ..#.... #.....# .....#.
.#...#. ...#... #...... .#...#. .....#. .#...#. .#...#. ..#.... .#...#. ....#..
..###.. .#####. ####### ..###.. .....#. ..###.. ..###.. ..#.... ..###.. .###...
"""


def digit_codes() -> tuple[float, ...]:
    """The codes of 0 to 9, one after the other, each row by row.

    >>> len(digit_codes()) == 10 * 84, sorted(set(digit_codes()))
    (True, [-1.0, 1.0])
    """
    pictures = zip(*(row.split() for row in _PICTURES.splitlines()), strict=True)
    return tuple(1.0 if mark == "#" else -1.0 for picture in pictures for row in picture for mark in row)
