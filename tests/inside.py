"""Commands run in the tests' own process.

A process of its own spends seconds on importing torch and on expanding the published networks, which
this one has done. Where the process is what is tested (signals, exit, what is imported), it is started.
"""

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from subprocess import CompletedProcess


def ran(main: Callable[[list[str]], int], *arguments: str) -> CompletedProcess[str]:
    """What a command's ``main`` says, and the exit status that its process would have."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            status = main([*map(str, arguments)])
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
            print("" if isinstance(ended.code, int | None) else ended.code, end="", file=sys.stderr)
    return CompletedProcess(arguments, status, out.getvalue(), err.getvalue())
