"""``python -m netweight``: the command of this Python, where there are several."""

from netweight.cli import main

if __name__ == "__main__":
    main()
