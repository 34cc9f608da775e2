"""The fit measures that are to be read of a fit: scaled and robust ones where there are some."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

_READ = (("scaled", ("chisq", "pvalue")), ("robust", ("cfi", "tli", "rmsea")))


def measures_to_read(fit: Fit) -> dict[str, float | None]:
    """Return all fit measures, those to be read under the names of the plain ones.

    Where there are several, chi-square and its p-value are the scaled ones, CFI, TLI and RMSEA the robust ones.
    """
    measures = dict(fit.fit_measures)
    for kind, stems in _READ:
        for name in [name for name in measures if name.endswith(f"_{kind}") and name.startswith(stems)]:
            measures[name.removesuffix(f"_{kind}")] = measures[name]
    return measures
