"""Defaults of other programs that differ from ours, as their documentation states them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trustsem.fitting.data_options import Missing
from trustsem.inference import InformationKind, Likelihood
from trustsem.inference.chisquares import TestKind
from trustsem.inference.standard_errors import ErrorKind

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

PROGRAMS = ("lavaan", "mplus", "stata")


@dataclass(frozen=True, slots=True)
class Change:
    """Options of a refit that follow the other program."""

    spec: Mapping[str, Any] = field(default_factory=dict)
    pipeline: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """A default of another program.

    Args:
        topic: What it is about.
        theirs: What the program does.
        ours: What a fit of ours did, a sentence or how to tell from the fit.
        effect: Which printed numbers change.
        change: What to change to get the program's numbers; None where the engine cannot, or there is nothing to refit.
        numbers: Fit measures, or "first standard error" and "first free variance".
        pairs: Measures of one fit that stand for both conventions, ours first.
        applies: Whether this fit would change.
        otherwise: What to say where it would not.
        missing: What to say where there is nothing to refit.
        column: Whose numbers the second column holds, where it is not the program's default.
    """

    topic: str
    theirs: str
    ours: str | Callable[[Fit], str]
    effect: str
    change: Change | None = None
    numbers: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    applies: Callable[[Fit], bool] | None = None
    otherwise: str | None = None
    missing: str | Callable[[Fit], str] | None = None
    column: str | None = None


def differences_of(program: str) -> tuple[Difference, ...]:
    """Return the differences to one program, those that change most first."""
    return _TABLE[program]


def _has_fixed_predictors(fit: Fit) -> bool:
    return any(row.exogenous for row in fit.fitted.table)


def _has_no_means(fit: Fit) -> bool:
    return not fit.fitted.table.meanstructure


def _uses_expected(fit: Fit) -> bool:
    return fit.options.pipeline.used_information is InformationKind.EXPECTED


def _uses_normal(fit: Fit) -> bool:
    return fit.options.pipeline.likelihood is Likelihood.NORMAL


def _can_be_wishart(fit: Fit) -> bool:
    """Whether likelihood="wishart" would change the fit and is allowed for it."""
    pipeline, data = fit.options.pipeline, fit.options.data
    is_plain = pipeline.used_errors is ErrorKind.STANDARD and set(pipeline.used_tests) == {TestKind.STANDARD}
    is_complete = data.missing is Missing.LISTWISE and not data.needs_sandwich
    return _uses_normal(fit) and pipeline.spec.name == "ML" and is_plain and is_complete


def _can_be_observed(fit: Fit) -> bool:
    is_plain = fit.options.pipeline.discrepancy.is_likelihood and not fit.options.data.missing.is_two_stage
    return _uses_expected(fit) and is_plain


def _rows_text(fit: Fit) -> str:
    total, missing = fit.data.n_total, fit.options.data.missing
    if total is None:
        return "moments were given: there are no rows to leave out."
    if missing is Missing.LISTWISE:
        return f"complete rows only: {fit.n_obs} of {total}."
    return f"{fit.n_obs} of {total} rows, incomplete ones too ({missing.value})."


def _missing_note(fit: Fit) -> str:
    if fit.options.data.missing.is_fiml:
        return "Nothing changes: this fit uses full information maximum likelihood already."
    return 'Fit with missing="fiml" to use all rows in the same way.'


def _listwise_note(fit: Fit) -> str:
    if fit.options.data.missing is Missing.LISTWISE:
        return 'Fit with missing="fiml" for the program\'s method that uses all rows.'
    return 'Fit with missing="listwise" for the program\'s default.'


def _errors_text(fit: Fit) -> str:
    pipeline = fit.options.pipeline
    tests = ", ".join(kind.value for kind in pipeline.used_tests)
    return f"{pipeline.estimator}: standard errors {pipeline.used_errors.value}, test {tests}."


def _robust_note(fit: Fit) -> str:
    if fit.options.pipeline.used_errors in (ErrorKind.ROBUST_SEM, ErrorKind.ROBUST_HUBER_WHITE):
        return "Nothing to add: this fit is corrected already."
    return 'Fit with estimator="MLR" (any rows) or "MLM" (complete rows) for corrected ones.'


def _residual_note(fit: Fit) -> str:
    pipeline = fit.options.pipeline
    is_sandwich = pipeline.used_errors is ErrorKind.ROBUST_HUBER_WHITE
    differs = is_sandwich or pipeline.full_information or bool(fit.options.spec.group_equal)
    return "This fit is one of them." if differs else "Nothing changes: this fit is none of them."


def _index_note(fit: Fit) -> str:
    pipeline = fit.options.pipeline
    differs = fit.options.data.missing.is_two_stage or not pipeline.discrepancy.is_likelihood
    return "This fit is one of them." if differs else "Nothing changes: this fit is none of them."


def _groups_text(fit: Fit) -> str:
    labels = fit.group_labels
    return f"groups in the order {', '.join(labels)}." if labels else "one group."


def _groups_note(fit: Fit) -> str:
    if not fit.group_labels:
        return "Nothing changes: this fit has one group."
    return 'Fit with group_equal=("loadings", "intercepts") for the program\'s default.'


def _means_text(fit: Fit) -> str:
    return "means are not modelled." if _has_no_means(fit) else "means are modelled, as there."


def _information_text(fit: Fit) -> str:
    return f"{fit.options.given['information']} information."


def _likelihood_text(fit: Fit) -> str:
    discrepancy = fit.options.pipeline.discrepancy
    if not discrepancy.is_likelihood:
        return "covariance matrix with divisor n - 1 (least squares)."
    if _uses_normal(fit):
        return "covariance matrix with divisor n, chi-square n F."
    return "covariance matrix with divisor n - 1, chi-square (n - 1) F (likelihood=wishart)."


def _predictor_text(fit: Fit) -> str:
    names = fit.fitted.table.variables.exogenous
    if not names:
        return "the model has no observed predictors."
    state = "fixed" if _has_fixed_predictors(fit) else "random"
    return f"observed predictors ({', '.join(names)}) are {state}."


def _baseline_note(fit: Fit) -> str:
    if not fit.fitted.table.variables.exogenous:
        return "Nothing changes: the model has no observed predictors."
    if _has_fixed_predictors(fit):
        return "Nothing changes as long as predictors stay fixed."
    return "Predictors are random here: expect other values of CFI and TLI there. The engine has no such baseline."


def _apart_note(fit: Fit) -> str:
    if any(finding.code == "exogenous-uncorrelated" for finding in fit.findings):
        return "This fit holds such covariances at 0: write them into the model (f ~~ x) for the program's default."
    return "Nothing changes: no covariance of an exogenous factor and an observed predictor is left out here."


_MEANS = Change(spec={"meanstructure": True})
_COUNTS = ("npar", "df", "chisq", "logl", "aic", "bic", "srmr")
_RANDOM_X = Change(spec={"fixed_x": False})
_ALREADY_MEANS = "Nothing changes: this fit models means already."
_ALREADY_OBSERVED = "Nothing changes: this fit uses observed information already, or has no likelihood."
_NO_WISHART = (
    "Nothing to compare: n - 1 is for unweighted complete rows, plain standard errors and estimator ML with divisor n."
)
_NO_PREDICTORS = "Nothing changes: no predictor of this fit is fixed."

_WISHART = Difference(
    "Divisor of the covariance matrix",
    'n by default; likelihood = "wishart", which its mimic = "EQS" sets, uses n - 1.',
    _likelihood_text,
    "variances, covariances, all standard errors, chi-square, RMSEA by about 1/n; standardised values do not change.",
    Change(pipeline={"likelihood": Likelihood.WISHART}),
    ("chisq", "rmsea", "logl", "first free variance", "first standard error"),
    applies=_can_be_wishart,
    otherwise=_NO_WISHART,
    column="with wishart",
)

_LAVAAN = (
    Difference(
        "Fit index called gfi",
        "before version 0.7 gfi is LISREL's index; since 0.7 it is the population index and gfi_lisrel the other.",
        "both, under the names of 0.7.",
        "gfi and what corrects it (agfi, pgfi).",
        pairs=(("gfi", "gfi_lisrel"),),
        column="before 0.7",
    ),
    _WISHART,
    Difference(
        "Standard errors of fixed parameters",
        "printed as 0 in parameterEstimates().",
        "absent (NaN in frames, null in JSON).",
        "nothing but the printed table.",
    ),
    Difference(
        "Missing answers",
        'complete rows by default; missing = "fiml" uses all rows.',
        _rows_text,
        "every number, when rows are incomplete.",
        missing=_missing_note,
    ),
    Difference(
        "Robust estimators",
        "estimator = MLR, MLM, WLSMV, ... on request; ML by default, with MLR's corrections where there are weights or "
        "clusters.",
        _errors_text,
        "standard errors, chi-square, CFI, TLI, RMSEA; MLR and MLM leave the estimates alone.",
        missing=_robust_note,
    ),
    Difference(
        "Clusters, two-stage estimation, least squares",
        "0.7 as here. 0.6 scales the test of clustered rows and the baseline of two-stage fits otherwise, and prints "
        "plain standard errors and n F for unweighted least squares.",
        _errors_text,
        "scaled chi-square and indices of such fits; standard errors and chi-square of ULS.",
        missing="Compare with lavaan 0.7 or newer.",
    ),
    Difference(
        "Standard errors of residuals",
        "0.6 prints others with MLR, full information, or parameters equal over groups.",
        "those of the residuals themselves, Q Gamma Q'; for any distribution where the fit is robust.",
        "standard errors and z of residuals of such fits; not those of plain ML, MLM, GLS and WLS in one group.",
        missing=_residual_note,
    ),
    Difference(
        "Modification indices of two-stage fits and least squares",
        "0.6: least squares by (n - 1)^2 / n; two-stage fits have others, up to half as large again.",
        "the expected drop of the unscaled chi-square that is printed.",
        "mi and epc of such fits; of least squares by 1/n.",
        missing=_index_note,
    ),
)

_MPLUS = (
    Difference(
        "Missing answers",
        "rows with missing answers on dependent variables are used (full information maximum likelihood) unless "
        "DATA: LISTWISE = ON.",
        _rows_text,
        "every number, when rows are incomplete.",
        missing=_missing_note,
    ),
    Difference(
        "Robust estimators",
        "ML by default, MLR for clusters, weights and mixtures; MLM, MLMV on complete rows with the unbiased Gamma "
        "(divisor corrected for n). WLS of several groups is scaled differently.",
        _errors_text,
        "MLM family: standard errors and scaling factor by about 1/n (nine items of 301 pupils: chi-square 81.908 "
        "there, 80.872 here); MLR: nothing, its test is yuan_bentler_mplus.",
        missing=_robust_note,
    ),
    Difference(
        "Several groups",
        "GROUPING holds loadings and intercepts equal by default, and frees latent means after the first group.",
        _groups_text,
        "every number of a fit of several groups.",
        missing=_groups_note,
    ),
    Difference(
        "Mean structure",
        "on by default; ANALYSIS: MODEL = NOMEANSTRUCTURE turns it off.",
        _means_text,
        "number of free parameters, AIC, BIC, and SRMR (means count in it); chi-square and df stay when no mean is "
        "restricted.",
        _MEANS,
        _COUNTS,
        applies=_has_no_means,
        otherwise=_ALREADY_MEANS,
    ),
    Difference(
        "Information matrix",
        "depends on the analysis (observed with MODEL CONSTRAINT, for example); ANALYSIS: INFORMATION sets it.",
        _information_text,
        "standard errors, z, p-values, intervals; neither estimates nor chi-square.",
        Change(pipeline={"information": InformationKind.OBSERVED}),
        ("first standard error",),
        applies=_can_be_observed,
        otherwise=_ALREADY_OBSERVED,
    ),
    Difference(
        "Standardised root mean square residual",
        "sample and model moments are standardised each by their own standard deviations.",
        "residuals are divided by the sample's standard deviations; srmr_mplus is the other.",
        "SRMR.",
        pairs=(("srmr", "srmr_mplus"),),
    ),
    Difference(
        "Observed predictors",
        "the model is estimated conditional on them, as here, unless MODEL mentions their means, variances or "
        "covariances: then they are random.",
        _predictor_text,
        "free parameters, log-likelihood, AIC, BIC; neither chi-square, df nor the other estimates.",
        _RANDOM_X,
        ("npar", "df", "chisq", "logl", "aic", "bic"),
        applies=_has_fixed_predictors,
        otherwise=_NO_PREDICTORS,
        column="if mentioned",
    ),
    Difference(
        "Baseline model",
        "outcomes are uncorrelated; predictors that MODEL mentions count as outcomes.",
        "predictors keep their covariances among themselves, random ones as well.",
        "CFI, TLI and the baseline's chi-square.",
        missing=_baseline_note,
    ),
    Difference(
        "Standardised solutions",
        "STDYX, STDY and STD.",
        "std_all corresponds to STDYX and std_lv to STD.",
        "nothing but names.",
    ),
    Difference(
        "Ordered answers",
        "CATEGORICAL: WLSMV with delta parameterisation.",
        "answers are taken as continuous.",
        "every number.",
        missing="Name the ordinal items in ordered=: WLSMV with delta is the default there too.",
    ),
)

_STATA = (
    Difference(
        "Mean structure",
        "on by default; nomeans turns it off.",
        _means_text,
        "number of free parameters, AIC, BIC, SRMR; chi-square and df stay when no mean is restricted.",
        _MEANS,
        _COUNTS,
        applies=_has_no_means,
        otherwise=_ALREADY_MEANS,
    ),
    Difference(
        "Information matrix",
        "observed (vce(oim)) by default; vce(eim) is the expected one.",
        _information_text,
        "standard errors, z, p-values, intervals; neither estimates nor chi-square.",
        Change(pipeline={"information": InformationKind.OBSERVED}),
        ("first standard error",),
        applies=_can_be_observed,
        otherwise=_ALREADY_OBSERVED,
    ),
    Difference(
        "Observed predictors",
        "taken as given by default; noxconditional estimates their moments as well.",
        _predictor_text,
        "with noxconditional: free parameters, log-likelihood, AIC, BIC; neither chi-square nor the other estimates.",
        _RANDOM_X,
        ("npar", "logl", "aic", "bic"),
        applies=_has_fixed_predictors,
        otherwise=_NO_PREDICTORS,
        column="with noxconditional",
    ),
    Difference(
        "Observed predictors beside exogenous factors",
        "they covary with exogenous factors unless cov() sets that to 0.",
        "they do so only where the text says it.",
        "degrees of freedom, chi-square, fit measures, and what depends on them.",
        missing=_apart_note,
    ),
    Difference(
        "Divisor of the covariance matrix",
        "n by default; nm1 uses n - 1.",
        _likelihood_text,
        "with nm1: variances, covariances and standard errors by about 1/n.",
        Change(pipeline={"likelihood": Likelihood.WISHART}),
        ("first free variance", "first standard error"),
        applies=_can_be_wishart,
        otherwise=_NO_WISHART,
        column="with nm1",
    ),
    Difference(
        "Missing answers",
        "complete rows with method(ml); method(mlmv) uses all rows.",
        _rows_text,
        "every number with method(mlmv), when rows are incomplete.",
        missing=_listwise_note,
    ),
    Difference(
        "Robust standard errors and tests",
        "vce(robust), vce(cluster) and weights give sandwich standard errors and no chi-square; vce(sbentler) corrects "
        "both; method(adf) is WLS.",
        _errors_text,
        "standard errors and chi-square; not the estimates, except for adf.",
        missing=_robust_note,
    ),
    Difference(
        "Several groups",
        "group() holds loadings and intercepts equal by default (ginvariant(mcoef mcons)).",
        _groups_text,
        "every number of a fit of several groups.",
        missing=_groups_note,
    ),
)

_TABLE: Mapping[str, tuple[Difference, ...]] = {"lavaan": _LAVAAN, "mplus": _MPLUS, "stata": _STATA}
