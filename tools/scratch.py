"""A folder for a script's own files."""
import signal
import sys
import tempfile


def folder(**options):
    """tempfile.TemporaryDirectory, which also goes when the script is told to end (SIGTERM, SIGHUP)."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, lambda number, _: sys.exit(128 + number))
    return tempfile.TemporaryDirectory(**options)
