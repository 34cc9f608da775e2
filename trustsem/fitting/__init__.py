"""The facade: `fit` and `Fit`."""

from trustsem.fitting.api import fit
from trustsem.fitting.options import REFUSED_OPTIONS, RefusedOption
from trustsem.fitting.result import Fit, ImpliedMoments

__all__ = ["REFUSED_OPTIONS", "Fit", "ImpliedMoments", "RefusedOption", "fit"]
