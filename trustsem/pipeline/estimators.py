"""Estimators by name: discrepancy, and the standard errors and test that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trustsem.inference import InformationKind
from trustsem.inference.chisquares import TestKind
from trustsem.inference.standard_errors import ErrorKind


@dataclass(frozen=True, slots=True)
class EstimatorSpec:
    """What a name of `estimator=` stands for (lavaan's pairing).

    Args:
        name: Name that users give.
        discrepancy: Name in `DISCREPANCIES`.
        errors: Standard errors.
        test: Test beside, or in place of, the unscaled one.
        information: Bread of standard errors, but for sandwiches of scores, whose bread is observed.
        complete_only: Whether it needs complete rows.
        ordinal_only: Whether it weighs statistics of ordinal items.
    """

    name: str
    discrepancy: str
    errors: ErrorKind = ErrorKind.STANDARD
    test: TestKind = TestKind.STANDARD
    information: InformationKind = InformationKind.EXPECTED
    complete_only: bool = True
    ordinal_only: bool = False


_FIRST = InformationKind.FIRST_ORDER
_SEM, _WHITE = ErrorKind.ROBUST_SEM, ErrorKind.ROBUST_HUBER_WHITE

ESTIMATORS: Mapping[str, EstimatorSpec] = {
    spec.name: spec
    for spec in (
        EstimatorSpec("ML", "ML", complete_only=False),
        EstimatorSpec("MLM", "ML", _SEM, TestKind.SATORRA_BENTLER),
        EstimatorSpec("MLMV", "ML", _SEM, TestKind.SCALED_SHIFTED),
        EstimatorSpec("MLMVS", "ML", _SEM, TestKind.MEAN_VAR_ADJUSTED),
        EstimatorSpec("MLR", "ML", _WHITE, TestKind.YUAN_BENTLER_MPLUS, complete_only=False),
        EstimatorSpec("MLF", "ML", ErrorKind.FIRST_ORDER, information=_FIRST, complete_only=False),
        EstimatorSpec("GLS", "GLS"),
        EstimatorSpec("ULS", "ULS", test=TestKind.BROWNE_RESIDUAL_NT),
        EstimatorSpec("ULSM", "ULS", _SEM, TestKind.SATORRA_BENTLER),
        EstimatorSpec("ULSMV", "ULS", _SEM, TestKind.SCALED_SHIFTED),
        EstimatorSpec("ULSMVS", "ULS", _SEM, TestKind.MEAN_VAR_ADJUSTED),
        EstimatorSpec("WLS", "WLS"),
        EstimatorSpec("DWLS", "DWLS", _SEM, ordinal_only=True),
        EstimatorSpec("WLSM", "DWLS", _SEM, TestKind.SATORRA_BENTLER, ordinal_only=True),
        EstimatorSpec("WLSMV", "DWLS", _SEM, TestKind.SCALED_SHIFTED, ordinal_only=True),
        EstimatorSpec("WLSMVS", "DWLS", _SEM, TestKind.MEAN_VAR_ADJUSTED, ordinal_only=True),
    )
}
