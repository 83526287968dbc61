"""``python -m netweight``: the command, for who has several Pythons."""

from netweight.cli import main

if __name__ == "__main__":
    main()
