"""Run the benchmarks: `python benchmarks/run.py [--only NAME] [--repeat N] [--threads N] [--json]`."""

from __future__ import annotations

import sys
from pathlib import Path

# A script finds its neighbours only; the package `benchmarks` lies one folder up.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.command import main  # noqa: E402

if __name__ == "__main__":
    raise SystemExit(main())
