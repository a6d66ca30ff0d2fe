"""Double-click to start CNN Explorer; with a sub-command (`python main.py --help`) it is the command line."""

import sys

from explorer.cli import main

if __name__ == "__main__":
    sys.exit(main())
