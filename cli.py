"""Run the command line from a checkout, without installing: `python cli.py fit interpersonal_path trust_patients`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from trustsem.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
