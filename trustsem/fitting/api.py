"""`ts.fit`: one call from a model and data to a fitted model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from typing import Any

import pandas as pd

from trustsem.errors import UsageError
from trustsem.fitting.bootstrap_errors import with_bootstrap_errors
from trustsem.fitting.data_options import Missing
from trustsem.fitting.inputs import DataInput, ModelInput, load_data, read_data, read_matrices, read_model
from trustsem.fitting.model_scale import with_model_defaults
from trustsem.fitting.moment_options import with_survey_moments
from trustsem.fitting.options import AUTO, FitOptions, read_options, with_lists
from trustsem.fitting.resolve_ordinal import default_estimator_finding
from trustsem.fitting.result import Fit
from trustsem.fitting.rows import group_labels
from trustsem.fitting.words import word
from trustsem.moments import Cases, SampleMoments
from trustsem.pipeline import fit_table
from trustsem.records import Finding
from trustsem.spec import LibraryModel, ParameterTable, TrustModel, build_table, with_auxiliary
from trustsem.spec.products import refuse_ordinal_products
from trustsem.spec.variables import classify_variables
from trustsem.survey import Survey
from trustsem.survey.partitions.record import SurveyMoments

Names = str | Sequence[str]


def fit(
    model: str | PathLike[str] | TrustModel | LibraryModel,
    data: pd.DataFrame | Survey | SampleMoments | str | PathLike[str] | None = None,
    *,
    estimator: str = "ML",
    missing: str = "listwise",
    ordered: Names | bool | None = None,
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
    product_indicators: str | None = None,
    parameterization: str | None = None,
    likelihood: str = "normal",
    information: str | None = None,
    observed_information: str | Sequence[str] | None = None,
    h1_information: str | None = None,
    se: str | None = None,
    test: str | Sequence[str] | None = None,
    bounds: str | None = None,
    zero_cells: Any = None,
    sample_cov: pd.DataFrame | Sequence[pd.DataFrame] | None = None,
    sample_mean: pd.Series | Sequence[pd.Series] | None = None,
    n_obs: int | Sequence[int] | None = None,
    bootstrap: int | None = None,
    seed: int | None = None,
) -> Fit:
    """Fit a structural equation model.

    Args:
        model: lavaan syntax, the path of a `.sem` file, the name of a shipped model, or a TrustModel.
        data: DataFrame, Survey or path of a survey file (scored with the model's codebook, if it names one); or
            sample moments, such as `read_moments` makes of files that do not fit memory. Leave it out when
            `sample_cov` is given.
        estimator: "ML", or with robust standard errors and test "MLR", "MLM", "MLMV", "MLMVS"; "MLF", "GLS", "WLS",
            "ULS", "ULSM", "ULSMV", "ULSMVS". With `ordered`: "WLSMV" (meant by the default), "WLSM", "WLSMVS", "DWLS",
            "WLS", "ULS", "ULSM", "ULSMV", "ULSMVS". "auto": what `recommend_estimator` names, together with `ordered`
            and `missing` where these are left open. docs/estimators.md says what each name stands for.
        missing: "listwise": rows with a missing answer are left out and reported. "fiml" ("ml"): every row counts with
            the answers that it has; "fiml_x": with incomplete predictors as well. "two_stage", "robust_two_stage":
            moments by EM first. "pairwise": each moment from the rows that have it.
        ordered: Ordinal items, True for all outcomes and indicators: polychoric correlations and thresholds instead of
            covariances. None: as the description of a shipped model has it (a finding says so), else none; False: none.
        group: Column that splits the sample. With a shipped model that is meant for groups, None takes the groups and
            equalities of its description (a finding says so); "" fits all rows as one group.
        group_label: Groups to use, in this order; None: all, in order of appearance. The first is the reference.
        group_equal: What is equal across groups: "loadings", "intercepts", "means", "regressions", "residuals",
            "residual_covariances", "lv_variances", "lv_covariances".
        group_partial: Exceptions from it, written as in the model: "f=~x3", "x7~1".
        cluster: Column of units whose members answer alike; standard errors and test take that into account.
        sampling_weights: Column of weights. Robust standard errors unless `se` says otherwise.
        weights_normalization: "group" (weights sum to the rows of each group), "total" (of all) or "none".
        auxiliary: Variables that help with missing answers and are no part of the model.
        preset: Whose automatic rules: "sem", "cfa", "growth", or "none" for lavaan().
        meanstructure: Model means as well; None: only where the model needs them, and with groups, clusters or
            incomplete rows.
        std_lv: Latent variances 1 instead of marker loadings.
        effect_coding: Loadings of a factor average 1.
        orthogonal: Factors do not covary, nor do the residuals of factors that are outcomes.
        fixed_x: Moments of observed predictors as in the sample (default) or estimated.
        conditional_x: Ordinal items: statistics given the observed predictors (default where there are some), or with
            predictors among the variables (False).
        product_indicators: Which indicators are multiplied for a product of factors, y ~ f1:f2: "matched" (first with
            first, second with second) or "all" (each with each). None: matched where both have the same number.
        parameterization: Of ordinal items: "delta" (variances of latent responses 1) or "theta" (residual variances
            1). None: as the description of a shipped model has it, else delta.
        likelihood: "normal" (S with divisor n) or "wishart" (n - 1).
        information: "expected", "observed" or "first_order"; None: as the estimator has it.
        observed_information: "hessian" (default) or "h1": the observed information of the saturated model, carried over
            to the parameters. Two values: of the standard errors, and of `test="yuan_bentler_mplus"`.
        h1_information: "structured" or "unstructured": where robust corrections evaluate the saturated model.
        se: "standard", "first_order", "robust_sem", "robust_huber_white", "robust", "bootstrap" or
            "none"; None: the estimator's.
        test: "standard", "satorra_bentler", "mean_var_adjusted", "scaled_shifted", "yuan_bentler",
            "yuan_bentler_mplus", "browne_residual_adf", "browne_residual_nt", "browne_residual_nt_model", or a list of
            them; None: the estimator's.
        bounds: "pos_var", "pos_ov_var" or "pos_lv_var" keep all, the items' or the factors' variances at 0 or above.
        zero_cells: Added to empty cells of 2x2 and of larger tables of two ordinal items; None: (0.5, 0).
        sample_cov: Covariance matrix with named columns, divisor n - 1; a list of them for several groups.
        sample_mean: Means by name, or a list of them.
        n_obs: Respondents behind `sample_cov`, or a list.
        bootstrap: Draws that standard errors, z and percentile intervals come from (se="bootstrap": 1,000 of them);
            `.resampled` holds them. `Fit.bootstrap` has more: other intervals, kinds of draws, several processes.
        seed: Seed of the draws; drawn and recorded when None.

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
    given = {name: value for name, value in locals().items() if name not in ("model", "data", *_MOMENTS)}
    given = with_lists(given)
    source = read_model(model)
    n_groups = _moment_groups(data, sample_cov)
    if word(estimator) == AUTO:
        data, given, findings = _recommended(given, source, data)
        source = replace(source, findings=(*source.findings, *findings))
    given, findings = with_model_defaults(given, source.library, moment_groups=n_groups)
    if isinstance(data, SurveyMoments):
        data, given = with_survey_moments(data, given)
    options = read_options(given, grouped_moments=(n_groups or 1) > 1)
    source = replace(source, findings=(*source.findings, *findings))
    return with_bootstrap_errors(_fit(source, data, (sample_cov, sample_mean, n_obs), options))


def _recommended(
    options: dict[str, Any], source: ModelInput, data: Any
) -> tuple[pd.DataFrame | Survey, dict[str, Any], tuple[Finding, ...]]:
    """Return data that were read, options with the recommended estimator, and why it is recommended.

    What the caller says about `ordered` and `missing` stands; the recommendation fills in the rest.

    Raises:
        UsageError: moments were given, which do not tell the categories of answers.
    """
    from trustsem.fitting.recommend import recommend_for_model

    loaded = None if data is None else load_data(data, source)
    if loaded is None or isinstance(loaded, SampleMoments):
        raise UsageError(
            'estimator="auto" chooses by the answers; moments do not show them.',
            remedy="Give data, or name an estimator.",
            code="no-raw-data",
        )
    ordered = None if options["ordered"] in (None, (), []) else options["ordered"]
    missing = None if word(options["missing"]) == Missing.LISTWISE.value else Missing.of(word(options["missing"]))
    advice = recommend_for_model(loaded, source, ordered=ordered, missing=missing)
    return loaded, {**options, **advice.options()}, (advice.finding(),)


_MOMENTS = ("sample_cov", "sample_mean", "n_obs")


def _moment_groups(data: Any, sample_cov: Any) -> int | None:
    """Return how many groups' moments were given, None where rows were."""
    if isinstance(data, SampleMoments):
        return len(data.groups)
    if data is not None or sample_cov is None:
        return None
    return len(sample_cov) if isinstance(sample_cov, (list, tuple)) else 1


def _fit(source: ModelInput, data: Any, moments: tuple[Any, Any, Any], options: FitOptions) -> Fit:
    sample_cov, sample_mean, n_obs = moments
    if data is not None and sample_cov is not None:
        raise UsageError("Both data and sample_cov were given.", remedy="Give one of them.", code="data-twice")
    if data is None and sample_cov is None:
        raise UsageError("No data were given.", remedy="Give data, or sample_cov with n_obs.", code="no-data")
    if data is None:
        require_no_rows(options)
        labels = _moment_labels([""] * (_moment_groups(data, sample_cov) or 1), options)
        table = build_table(source.syntax, replace(options.spec, group_labels=labels))
        given = read_matrices(sample_cov, sample_mean, n_obs, table.variables.observed, source, labels, table.products)
        return Fit(fit_table(table, given.moments, options.pipeline), source, given, options)
    if sample_mean is not None or n_obs is not None:
        raise UsageError("sample_mean and n_obs go with sample_cov, not with data.", code="data-twice")
    loaded = load_data(data, source)
    if isinstance(loaded, SampleMoments):
        require_no_rows(options, loaded.weights if isinstance(loaded, SurveyMoments) else None)
        labels = _moment_labels([group.label for group in loaded.groups], options)
    else:
        labels = group_labels(loaded, options.data)
    if options.ordinal is not None:
        return _fit_ordinal(source, loaded, labels, options)
    table = build_table(source.syntax, replace(options.spec, group_labels=labels))
    fixed = any(row.exogenous for row in table) and options.data.missing is not Missing.FIML_X
    answered = table.variables.exogenous if fixed else ()
    table = with_auxiliary(table, options.data.auxiliary)
    given = read_data(loaded, table.variables.observed, source, options.data, labels, answered, products=table.products)
    return Fit(fit_table(table, given.moments, options.pipeline), source, given, options)


def _fit_ordinal(source: ModelInput, loaded: Any, labels: tuple[str, ...], options: FitOptions) -> Fit:
    assert options.ordinal is not None
    table, given = read_ordinal(source, loaded, labels, options)
    if options.ordinal.is_default:
        source = replace(source, findings=(*source.findings, default_estimator_finding()))
    return Fit(fit_table(table, given.moments, options.pipeline), source, given, options)


def read_ordinal(
    source: ModelInput, loaded: Any, labels: tuple[str, ...], options: FitOptions
) -> tuple[ParameterTable, DataInput]:
    """Read answers with ordinal items: their categories come from the rows, and the table from their categories.

    Args:
        source: The model.
        loaded: What `load_data` returned.
        labels: Groups, in order.
        options: With ordinal items.

    Raises:
        UsageError: moments were given.
        DataError, ModelError: the data cannot be used, or items have no categories.
    """
    # polychoric machinery is imported where it is needed: fits of continuous answers start without it
    from trustsem.fitting.ordinal import ordered_items, ordinal_sample, ordinal_scales

    assert options.ordinal is not None
    if isinstance(loaded, SampleMoments):
        raise ordinal_needs_answers()
    refuse_ordinal_products(source.syntax)
    variables = classify_variables(source.syntax.parameters)
    items, zero = ordered_items(options.ordinal.ordered, variables), options.ordinal.zero_cells
    tables: list[ParameterTable] = []

    def statistics(cases: Sequence[Cases], names: Sequence[str]) -> tuple[SampleMoments, tuple[Finding, ...]]:
        scales = ordinal_scales(cases, names, items, labels)
        spec = replace(options.spec, group_labels=labels, ordered=scales.levels)
        tables.append(build_table(source.syntax, spec))
        pairwise = options.data.missing is Missing.PAIRWISE
        return ordinal_sample(cases, tables[0], scales, labels, pairwise=pairwise, zero_cells=zero)

    answered = variables.exogenous if options.spec.uses_fixed_x else ()
    given = read_data(loaded, variables.observed, source, options.data, labels, answered, statistics)
    return tables[0], given


def ordinal_needs_answers() -> UsageError:
    """Return the refusal of ordinal items where moments were given."""
    return UsageError(
        "Ordinal items need the respondents' answers, not moments.",
        remedy="Give data, or leave ordered out.",
        code="no-raw-data",
    )


def require_no_rows(options: FitOptions, weights: str | None = None) -> None:
    """Refuse options that need the respondents' answers where moments were given.

    Args:
        options: Of the fit.
        weights: Column of the weights that are in the moments already.

    Raises:
        UsageError: naming them.
    """
    weighted = None if options.data.weights == weights else options.data.weights
    names = {"group": options.data.group, "cluster": options.data.cluster, "sampling_weights": weighted}
    needs_rows = [name for name, column in names.items() if column is not None]
    if needs_rows or options.data.missing is not Missing.LISTWISE:
        what = ", ".join(needs_rows) or f'missing="{options.data.missing.value}"'
        raise UsageError(
            f"{what} needs the respondents' answers, not moments.",
            remedy="Give data; several groups of moments are lists: sample_cov=[...], n_obs=[...].",
            code="no-raw-data",
        )


def _moment_labels(own: Sequence[str], options: FitOptions) -> tuple[str, ...]:
    """Return the names of groups that come as moments: those of group_label, their own, or their numbers.

    Raises:
        UsageError: group_label of another length.
    """
    if len(own) < 2:
        return ()
    given = options.data.group_label
    if given and len(given) != len(own):
        raise UsageError(
            f"group_label names {len(given)} groups; moments of {len(own)} were given.",
            remedy="Give one label for each group of moments, in their order.",
            code="unknown-group",
        )
    return given or tuple(label or str(number) for number, label in enumerate(own, 1))
