"""Worker process: ``python -m search.launchers``, started by a launcher."""

import sys

from search.launchers.worker import main

if __name__ == "__main__":
    sys.exit(main())
