"""`python -m trustsem`."""

from __future__ import annotations

import sys

from trustsem.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
