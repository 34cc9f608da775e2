"""The facade: `fit` and `Fit`."""

from trustsem.fit.api import fit
from trustsem.fit.options import REFUSED_OPTIONS, RefusedOption
from trustsem.fit.result import Fit, ImpliedMoments

__all__ = ["REFUSED_OPTIONS", "Fit", "ImpliedMoments", "RefusedOption", "fit"]

import sys
import types


class _Callable(types.ModuleType):
    __call__ = staticmethod(fit)


sys.modules[__name__].__class__ = _Callable
