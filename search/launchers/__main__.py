"""Worker process: ``python -m search.launchers``, started by a launcher."""

from search.launchers.worker import main
from searchspace.cli import Parser, start

if __name__ == "__main__":
    Parser("python -m search.launchers", __doc__).parse_args()
    start(main)
