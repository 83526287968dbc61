"""The command of this Python; signals end it from its first moment on, before anything large is imported."""

import sys

from netweight.signals import EndedBySignals


def main() -> None:
    """Run the command and exit."""
    code = 0
    with EndedBySignals() as ending:
        from netweight.cli.main import process

        code = process(sys.argv[1:])
    sys.exit(ending.code(code))


if __name__ == "__main__":
    main()
