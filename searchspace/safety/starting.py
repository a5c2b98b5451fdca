"""While a command imports what it needs, which takes a second, Ctrl-C ends its process at once and
without a traceback; then `cli.start` takes over. Programs that import this package notice nothing.
"""

import signal
import sys
import threading
from pathlib import Path

_COMMANDS = [Path(__file__).parents[2] / folder for folder in ("search", "viz")]


def _is_command() -> bool:
    """Whether this process is one of ours: ``python -m`` of a package here, which Python calls
    ``-m`` while it imports the package, or a script."""
    return sys.argv[:1] == ["-m"] or \
        (bool(sys.argv) and Path(sys.argv[0]).absolute().parent in _COMMANDS)


if _is_command() and threading.current_thread() is threading.main_thread() and \
        signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
