"""Discrepancy functions: how far implied moments are from sample moments. One file each, one line here."""

from collections.abc import Mapping

from trustsem.discrepancy.base import Discrepancy, Expansion
from trustsem.discrepancy.dwls import DWLS
from trustsem.discrepancy.fiml import FIML
from trustsem.discrepancy.gls import GLS
from trustsem.discrepancy.ml import ML
from trustsem.discrepancy.uls import ULS
from trustsem.discrepancy.weights import MomentWeight, NormalWeight
from trustsem.discrepancy.wls import WLS

DISCREPANCIES: Mapping[str, Discrepancy] = {"ML": ML, "GLS": GLS, "ULS": ULS, "WLS": WLS, "DWLS": DWLS, "FIML": FIML}

__all__ = ["DISCREPANCIES", "ML", "Discrepancy", "Expansion", "MomentWeight", "NormalWeight"]
