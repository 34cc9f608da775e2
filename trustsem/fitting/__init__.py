"""The facade: `fit` and `Fit`, `compare` and `Comparison`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trustsem.fitting.api import fit
from trustsem.fitting.options import REFUSED_OPTIONS, RefusedOption
from trustsem.fitting.result import Fit, ImpliedMoments

if TYPE_CHECKING:
    from trustsem.fitting.comparison import Comparison, compare

__all__ = ["REFUSED_OPTIONS", "Comparison", "Fit", "ImpliedMoments", "RefusedOption", "compare", "fit"]


def __getattr__(name: str) -> Any:
    if name not in ("Comparison", "compare"):  # a plain fit does not wait for them
        raise AttributeError(f"module 'trustsem.fitting' has no attribute '{name}'")
    from trustsem.fitting import comparison

    return getattr(comparison, name)
