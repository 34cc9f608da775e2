"""Discrepancy functions: how far implied moments are from sample moments. One file each, one line here."""

from collections.abc import Mapping

from trustsem.discrepancy.base import Discrepancy, Expansion
from trustsem.discrepancy.ml import ML

DISCREPANCIES: Mapping[str, Discrepancy] = {"ML": ML}

__all__ = ["DISCREPANCIES", "Discrepancy", "Expansion"]
