"""`python -m ressin` is the command `ressin`."""

import sys

STOPPED = 130


def main() -> int:
    """Run the command; Ctrl-C while it is still being imported, or is about to end, ends it with status 130 too."""
    try:
        from ressin.cli import main as carry_out

        status = carry_out()
    except KeyboardInterrupt:
        sys.stderr.write("\nressin: stopped\n")
        status = STOPPED
    if status == STOPPED:
        # A Ctrl-C within exec() of a text, such as a named tuple's code, has `python -m` end by the signal instead of
        # with a status, although it was caught, unless another text has been run since.
        exec("")
    return status


if __name__ == "__main__":
    sys.exit(main())
