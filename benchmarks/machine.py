"""What a timing depends on, for the head of the table."""

from __future__ import annotations

import os
import platform
from typing import Any

import numpy as np
import scipy

from benchmarks.lavaan import lavaan_version
from trustsem.version import __version__

THREADS = "OPENBLAS_NUM_THREADS"


def describe_machine() -> dict[str, Any]:
    """Return versions, cores, load and the setting of BLAS threads."""
    return {
        "trustsem": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "lavaan": lavaan_version(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "blas_threads": os.environ.get(THREADS),
    }


def machine_line(machine: dict[str, Any]) -> str:
    """Return the description in two lines."""
    lavaan = f"lavaan {machine['lavaan']}" if machine["lavaan"] else "no R with lavaan: its columns stay empty"
    threads = machine["blas_threads"] or "as many as cores"
    return (
        f"trustsem {machine['trustsem']}, Python {machine['python']}, NumPy {machine['numpy']}, "
        f"SciPy {machine['scipy']}; {lavaan}\n"
        f"{machine['cores']} cores, load {machine['load']} before the start, BLAS threads: {threads}; medians"
    )
