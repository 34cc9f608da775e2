"""`ts.fit`: one call from a model and data to a fitted model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from typing import Any

import pandas as pd

from trustsem.errors import UsageError
from trustsem.fitting.data_options import Missing
from trustsem.fitting.inputs import ModelInput, load_data, read_data, read_model, read_moments
from trustsem.fitting.options import FitOptions, read_options
from trustsem.fitting.result import Fit
from trustsem.fitting.rows import group_labels
from trustsem.moments import SampleMoments
from trustsem.pipeline import fit_table
from trustsem.spec import LibraryModel, TrustModel, build_table, with_auxiliary
from trustsem.survey import Survey

Names = str | Sequence[str]


def fit(
    model: str | PathLike[str] | TrustModel | LibraryModel,
    data: pd.DataFrame | Survey | SampleMoments | str | PathLike[str] | None = None,
    *,
    estimator: str = "ML",
    missing: str = "listwise",
    ordered: Names | bool = (),
    group: str | None = None,
    group_label: Sequence[str] | None = None,
    group_equal: Names = (),
    group_partial: Names = (),
    cluster: str | None = None,
    sampling_weights: str | None = None,
    weights_normalization: str = "group",
    strata: str | None = None,
    fpc: str | None = None,
    replicate_weights: Names | None = None,
    replicate_type: str | None = None,
    replicate_scale: float | None = None,
    auxiliary: Names = (),
    preset: str = "sem",
    meanstructure: bool | None = None,
    std_lv: bool = False,
    effect_coding: bool = False,
    orthogonal: bool = False,
    fixed_x: bool | None = None,
    conditional_x: bool | None = None,
    parameterization: str = "delta",
    likelihood: str = "normal",
    information: str | None = None,
    observed_information: str | None = None,
    h1_information: str | None = None,
    se: str | None = None,
    test: str | None = None,
    bounds: str | None = None,
    zero_cells: Any = None,
    sample_cov: pd.DataFrame | None = None,
    sample_mean: pd.Series | None = None,
    n_obs: int | None = None,
    bootstrap: int | None = None,
    seed: int | None = None,
) -> Fit:
    """Fit a structural equation model.

    Args:
        model: lavaan syntax, the path of a `.sem` file, the name of a shipped model, or a TrustModel.
        data: DataFrame, Survey or path of a survey file (scored with the model's codebook, if it names one); or
            sample moments. Leave it out when `sample_cov` is given.
        estimator: "ML".
        missing: "listwise": rows with a missing answer are left out and reported.
        preset: Whose automatic rules: "sem", "cfa", "growth", or "none" for lavaan().
        meanstructure: Model means as well; None: only where the model needs them.
        std_lv: Latent variances 1 instead of marker loadings.
        effect_coding: Loadings of a factor average 1.
        orthogonal: Factors do not covary, nor do the residuals of factors that are outcomes.
        fixed_x: Moments of observed predictors as in the sample (default) or estimated.
        likelihood: "normal" (S with divisor n) or "wishart" (n - 1).
        information: "expected" (default) or "observed".
        bounds: "pos_var", "pos_ov_var" or "pos_lv_var" keep all, the items' or the factors' variances at 0 or above.
        sample_cov: Covariance matrix with named columns, divisor n - 1.
        sample_mean: Means by name.
        n_obs: Respondents behind `sample_cov`.

    All other options are part of the interface and raise an error that names the alternative as long as this version
    cannot honour them (`trustsem check --refused`).

    Raises:
        UsageError, DataError, CodebookError, ModelError, IdentificationError: with what, where and what to do.

    Example:
        >>> import trustsem as ts
        >>> result = ts.fit("interpersonal_path", ts.samples_dir() / "trust_patients.csv")
        >>> result.converged, result.fit_measures["df"]
        (True, 176)
    """
    options = read_options(
        {name: value for name, value in locals().items() if name not in ("model", "data", *_MOMENTS)}
    )
    source = read_model(model)
    return _fit(source, data, (sample_cov, sample_mean, n_obs), options)


_MOMENTS = ("sample_cov", "sample_mean", "n_obs")


def _fit(source: ModelInput, data: Any, moments: tuple[Any, Any, Any], options: FitOptions) -> Fit:
    sample_cov, sample_mean, n_obs = moments
    if data is not None and sample_cov is not None:
        raise UsageError("Both data and sample_cov were given.", remedy="Give one of them.", code="data-twice")
    if data is None and sample_cov is None:
        raise UsageError("No data were given.", remedy="Give data, or sample_cov with n_obs.", code="no-data")
    if data is None:
        labels = _moment_labels(sample_cov, options)
        table = build_table(source.syntax, replace(options.spec, group_labels=labels))
        given = read_moments(sample_cov, sample_mean, n_obs, table.variables.observed, source, labels)
        return Fit(fit_table(table, given.moments, options.pipeline), source, given, options)
    if sample_mean is not None or n_obs is not None:
        raise UsageError("sample_mean and n_obs go with sample_cov, not with data.", code="data-twice")
    loaded = load_data(data, source)
    if isinstance(loaded, SampleMoments):
        labels = tuple(group.label or str(k) for k, group in enumerate(loaded.groups, 1)) * (len(loaded.groups) > 1)
    else:
        labels = group_labels(loaded, options.data)
    table = build_table(source.syntax, replace(options.spec, group_labels=labels))
    fixed = any(row.exogenous for row in table) and options.data.missing is not Missing.FIML_X
    answered = table.variables.exogenous if fixed else ()
    table = with_auxiliary(table, options.data.auxiliary)
    given = read_data(loaded, table.variables.observed, source, options.data, labels, answered)
    return Fit(fit_table(table, given.moments, options.pipeline), source, given, options)


def _moment_labels(sample_cov: Any, options: FitOptions) -> tuple[str, ...]:
    """Return the names of groups that come as a list of moments: those of group_label, or their numbers.

    Raises:
        UsageError: options that need the respondents' answers.
    """
    needs_rows = [name for name in ("group", "cluster", "weights") if getattr(options.data, name) is not None]
    if needs_rows or options.data.missing is not Missing.LISTWISE:
        what = ", ".join(needs_rows) or f'missing="{options.data.missing.value}"'
        raise UsageError(
            f"{what} needs the respondents' answers, not moments.",
            remedy="Give data; several groups of moments are lists: sample_cov=[...], n_obs=[...].",
            code="no-raw-data",
        )
    if not isinstance(sample_cov, (list, tuple)) or len(sample_cov) < 2:
        return ()
    return tuple(str(number) for number in range(1, len(sample_cov) + 1))
