"""Double-click to start CNN Explorer; with a sub-command (`python main.py --help`) it is the command line."""

import multiprocessing
import sys

from explorer.cli import main

if __name__ == "__main__":
    multiprocessing.freeze_support()  # of a bundle: a process that is started for some work is the bundle again
    sys.exit(main())
