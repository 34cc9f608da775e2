"""`ts.fit_imputed`: one model fitted to several completed data sets, and pooled."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from trustsem.errors import ConvergenceError, DataError, TrustSemError, UsageError
from trustsem.fitting.api import fit
from trustsem.fitting.data_options import Missing
from trustsem.fitting.impute import ImputedData
from trustsem.fitting.inputs import read_model
from trustsem.fitting.model_scale import with_model_defaults
from trustsem.fitting.options import read_options, word
from trustsem.fitting.pooled import PooledFit
from trustsem.fitting.pooled_findings import alignment_findings, exclusion_finding, findings_of_fits
from trustsem.fitting.result import Fit
from trustsem.imputation import PREFERENCE, align_factors
from trustsem.records import Finding
from trustsem.spec import LibraryModel, TrustModel
from trustsem.suggestions import suggest
from trustsem.survey import Survey

Data = pd.DataFrame | Survey | str | PathLike[str]

_NOT_HERE = ("model", "data", "sample_cov", "sample_mean", "n_obs")


def fit_imputed(
    model: str | PathLike[str] | TrustModel | LibraryModel,
    datasets: Iterable[Data],
    *,
    pool: str | None = None,
    complete_df: float | None = None,
    **options: Any,
) -> PooledFit:
    """Fit a model to each of several completed data sets and pool the results by Rubin's (1987) rules.

    Args:
        model: As for `trustsem.fit`.
        datasets: Two or more completed data sets of the same respondents, from `trustsem.impute` or elsewhere: data
            frames, surveys or paths of files.
        pool: Test of the model that fit measures are built on: "D2", "D3" or "D4". None: the first of D4, D3, D2 that
            is defined.
        complete_df: Degrees of freedom that complete data would have had (Barnard & Rubin 1999); None: infinitely
            many, as z-tests of structural equation models take it, and df that grow without limit.
        **options: Options of `trustsem.fit`; of them, `missing` stays "listwise".

    Raises:
        UsageError: fewer than two data sets, an unknown option, or a pooling method that is not defined for the fit.
        DataError: data sets of different respondents, or one that cannot be used.
        ConvergenceError: fewer than two of the fits converged.

    Example:
        >>> import trustsem as ts
        >>> survey = ts.read_survey(ts.samples_dir() / "trust_patients.csv", "dpt_patient")
        >>> completed = ts.impute(survey, m=3, seed=1, columns=["hq1", "hq2", "hq3", "ii1", "ii2", "ii3"])
        >>> pooled = ts.fit_imputed("f =~ hq1 + hq2 + hq3 + ii1", completed)
        >>> pooled.n_imputations, int(pooled.fit_measures["df"])
        (3, 2)
    """
    library = read_model(model).library
    pool = pool.upper() if isinstance(pool, str) else pool
    check_pooling_options(options, library, pool, complete_df)
    every = _listed(datasets)
    options = {"ordered": False, **options}  # drawn answers lie between the categories
    fits = [_fit_one(library or model, data, number, len(every), options) for number, data in enumerate(every, 1)]
    kept, findings = _usable(fits)
    _require_same_rows(kept)
    aligned = align_factors([one.fitted for one in kept])
    findings += alignment_findings(aligned.turned, aligned.opposed)
    drawn = datasets if isinstance(datasets, ImputedData) else None
    result = PooledFit(
        [Fit(fitted, one.model, one.data, one.options) for fitted, one in zip(aligned.fits, kept, strict=True)],
        len(every),
        [*(drawn.findings if drawn else ()), *findings_of_fits(kept), *findings],
        pool=pool,
        complete_df=complete_df,
        imputation=None if drawn is None else drawn.to_dict(),
    )
    _require_defined(result, pool)
    return result


def model_columns(model: str | PathLike[str] | TrustModel | LibraryModel, data: Survey) -> tuple[str, ...]:
    """Return the observed variables of a model that are columns of a survey; of products, their factors."""
    columns = {str(name) for name in data.frame.columns}
    named = [name for row in read_model(model).syntax.parameters for name in (row.lhs, row.rhs)]
    parts = [part for name in named for part in ([name] if name in columns else name.split(":"))]
    return tuple(dict.fromkeys(part for part in parts if part in columns))


def check_pooling_options(
    options: Mapping[str, Any], library: LibraryModel | None, pool: str | None, complete_df: float | None
) -> dict[str, Any]:
    """Check all options before anything is imputed or fitted, and return them with those that the model brings.

    Raises:
        UsageError: one fault per option that is unknown, has a value that is not allowed, or is not supported.
    """
    parameters = inspect.signature(fit).parameters
    allowed = [name for name in parameters if name not in _NOT_HERE]
    faults = [
        f"{name}: {'needs no data sets' if name in _NOT_HERE else 'unknown option'}.{suggest(name, allowed)}"
        for name in options
        if name not in allowed
    ]
    if Missing.of(word(options.get("missing", "listwise"))) is not Missing.LISTWISE:
        faults.append('missing: the data sets are completed. Leave it out, or fit the incomplete data with "fiml".')
    if options.get("ordered"):
        faults.append("ordered: drawn answers lie between the categories. Fit the incomplete data as ordinal instead.")
    if pool is not None and pool not in PREFERENCE:
        faults.append(f"pool={pool!r} is not available. Allowed: {', '.join(sorted(PREFERENCE))}.")
    if complete_df is not None and not (isinstance(complete_df, (int, float)) and complete_df > 0):
        faults.append(f"complete_df must be a positive number or None, not {complete_df!r}.")
    if faults:
        raise UsageError("Some options cannot be used.", faults=faults, code="option-not-supported")
    every = {name: parameters[name].default for name in allowed}
    every["ordered"] = False
    complete, _ = with_model_defaults({**every, **options}, library)
    read_options(complete)
    return complete


def _listed(datasets: Iterable[Data]) -> Sequence[Data]:
    if isinstance(datasets, (pd.DataFrame, Survey, str, PathLike, Mapping)) or not isinstance(datasets, Iterable):
        raise UsageError(
            f"datasets must be a list of completed data sets, not {type(datasets).__name__}.",
            remedy="Make them with trustsem.impute(data, m=20, seed=1), or give a list of data frames or files.",
            code="data-type",
        )
    every = list(datasets)
    if len(every) < 2:
        raise UsageError(
            f"Pooling needs two completed data sets at least; {len(every)} given.",
            remedy="Twenty are usual. A single completed data set hides what the missing answers leave uncertain.",
            code="too-few-imputations",
        )
    return every


def _fit_one(model: Any, data: Data, number: int, total: int, options: Mapping[str, Any]) -> Fit:
    try:
        return fit(model, data, **options)
    except TrustSemError as error:
        if isinstance(error, UsageError) or number == 1:
            raise  # the same in every data set: the number would mislead
        message = f"Completed data set {number} of {total}: {error.message}"
        raise type(error)(message, remedy=error.remedy, code=error.code, faults=error.faults) from None


def _usable(fits: Sequence[Fit]) -> tuple[list[Fit], list[Finding]]:
    """Return the fits that can be pooled, and findings on the others.

    Raises:
        ConvergenceError: fewer than two can.
    """
    stopped = [number for number, one in enumerate(fits, 1) if not one.converged]
    without = [n for n, one in enumerate(fits, 1) if one.converged and one.fitted.covariance.matrix is None]
    kept = [one for number, one in enumerate(fits, 1) if number not in (*stopped, *without)]
    findings = []
    if stopped:
        findings.append(exclusion_finding(stopped, "the fit did not converge", len(fits)))
    if without:
        findings.append(exclusion_finding(without, "the fit has no standard errors", len(fits)))
    if len(kept) < 2:
        raise ConvergenceError(
            f"{len(kept)} of {len(fits)} completed data sets gave a fit with standard errors: two at least are needed.",
            faults=[finding.message for finding in findings],
            remedy="Fit one of the data sets by itself and look at its findings; do not set se to none.",
        )
    return kept, findings


def _require_same_rows(fits: Sequence[Fit]) -> None:
    first = fits[0]
    for number, one in enumerate(fits[1:], 2):
        same = one.n_obs == first.n_obs and np.array_equal(
            np.asarray(one.data.row_index), np.asarray(first.data.row_index)
        )
        if not same:
            raise DataError(
                f"The completed data sets have different rows: {first.n_obs} are used of the first, {one.n_obs} of "
                f"number {number}, or others.",
                remedy="Hand in versions of one data set that differ in imputed answers only, rows in the same order.",
                code="imputed-rows-differ",
            )


def _require_defined(result: PooledFit, pool: str | None) -> None:
    if (
        pool is None
        or pool in result.model_tests.tests
        or result.model_tests.undefined.get(pool, "").startswith("no d")
    ):
        return
    raise UsageError(
        f"pool={pool!r} is not defined for this fit: {result.model_tests.undefined[pool]}.",
        remedy=f"Use one of: {', '.join(result.model_tests.tests)}.",
        code="pooling-method",
    )
