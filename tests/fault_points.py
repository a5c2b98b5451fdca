"""Runs studies in forked processes that are killed in the middle of a write; for test_faults.py.

Started with tests/fixtures/faults.c preloaded. Each argument FOLDER:POINT is a study in a folder
of its own that is killed at its POINT-th write (0: never); a line of JSON for each says whether it
was, and how many writes there were.
"""

import ctypes
import json
import os
import sys
import threading
from pathlib import Path

from benchmarks.reliability import SPACE, study_of
from search.tables import find_tables, read_tables

TRIALS = 2
faults = ctypes.CDLL(None)


def main() -> None:
    read_tables(find_tables(SPACE, []))    # once for all children
    for argument in sys.argv[1:]:
        folder, _, point = argument.rpartition(":")
        reader, writer = os.pipe()
        child = os.fork()       # before any thread or connection
        if child == 0:
            os.close(reader)
            faults.faults_arm(int(point))
            with study_of(Path(folder), None, TRIALS) as study:
                study.run(lambda _: None)
            os.write(writer, str(faults.faults_count()).encode())
            os._exit(0)
        os.close(writer)
        count = os.read(reader, 99)
        os.close(reader)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"folder": folder, "point": int(point),
                          "killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == 9,
                          "status": status, "writes": int(count or 0)}), flush=True)
        assert threading.active_count() == 1


if __name__ == "__main__":
    main()
