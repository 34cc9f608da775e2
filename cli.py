"""Run the command line from a checkout, without installing: `python cli.py fit interpersonal_path trust_patients`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

if __name__ == "__main__":
    from trustsem.__main__ import main

    try:
        sys.exit(main())
    except ModuleNotFoundError as error:
        sys.exit(f"Error: {error.name} is not installed here. `make demo` sets everything up in .venv.")
