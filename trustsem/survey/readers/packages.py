"""Import of the packages that only some formats need, with a plain sentence when one is missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from trustsem.errors import DataError


def import_package(module: str, *, purpose: str) -> ModuleType:
    """Return the module, imported now and not before, so that a CSV file costs no SPSS reader.

    Args:
        module: Dotted module name; its first part is the package to install.
        purpose: What the package is needed for, e.g. "SPSS files".

    Raises:
        DataError: The package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".")[0]
        raise DataError(
            f"Reading {purpose} needs the Python package '{package}', which cannot be imported here.",
            code="missing-package",
            remedy=f"Install it with: python -m pip install {package}",
        ) from error
