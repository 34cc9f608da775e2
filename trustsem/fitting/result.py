"""The result of a fit: what statisticians ask of it, each part computed when it is asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from trustsem.effects import (
    Standardization,
    r_squared,
)
from trustsem.errors import UsageError
from trustsem.fitting.bootstrap_errors import bootstrap_estimates
from trustsem.fitting.data_options import Missing
from trustsem.fitting.diagnostics import diagnose
from trustsem.fitting.fit_effects import FitEffects
from trustsem.fitting.fit_moderation import FitModeration
from trustsem.fitting.hypotheses import score_frame, wald_of
from trustsem.fitting.inputs import DataInput, ModelInput
from trustsem.fitting.options import FitOptions
from trustsem.fitting.products import product_findings
from trustsem.fitting.theory import theory_behind
from trustsem.inference import residual_type
from trustsem.inference.wald import WaldTest
from trustsem.moments.linalg import blas_threads_for
from trustsem.pipeline import FittedModel
from trustsem.records import Finding
from trustsem.tables import (
    GroupedResiduals,
    Residuals,
    dfbetas_frame,
    estimates_frame,
    factor_score_quality_frame,
    factor_scores_frame,
    group_fit_frame,
    influence_frame,
    modification_frame,
    residuals_record,
    standardized_frame,
    tests_frame,
    vcov_frame,
)
from trustsem.tables.cases import Cases
from trustsem.tables.groups import group_names, model_variables
from trustsem.tables.ordinal import (
    SampleStatistics,
    category_probabilities_frame,
    modal_quality_frame,
    require_ordinal,
    sample_statistics,
    thresholds_frame,
)
from trustsem.tables.scores import used_method

if TYPE_CHECKING:
    from trustsem.fitting.bootstrap import Bootstrap
    from trustsem.fitting.cross_check import CrossCheck
    from trustsem.fitting.lever_ranking import LeverRanking
    from trustsem.fitting.loop_analysis import LoopAnalysis
    from trustsem.fitting.miiv import Miiv
    from trustsem.fitting.monte_carlo import MonteCarlo
    from trustsem.fitting.reliability import Reliability
    from trustsem.fitting.reweighted import Reweighted
    from trustsem.fitting.scenario import Scenario
    from trustsem.fitting.scenario_matrix import ScenarioMatrix
    from trustsem.fitting.validity import Validity
    from trustsem.plots.diagram.records import PathDiagram
    from trustsem.plots.plot import Plot


@dataclass(frozen=True, slots=True, eq=False)
class ImpliedMoments:
    """Model-implied moments of one group; `mean` is None without a mean structure.

    Of ordinal items those of their latent responses, in the metric of the model.
    """

    cov: pd.DataFrame
    mean: pd.Series | None


class Fit(FitModeration, FitEffects):
    """A fitted model. Made by `trustsem.fit`; its parts never change."""

    def __init__(
        self,
        fitted: FittedModel,
        model: ModelInput,
        data: DataInput,
        options: FitOptions,
        resampled: Bootstrap | None = None,
    ) -> None:
        self._fitted = fitted
        self._model = model
        self._data = data
        self._options = options
        self._resampled = resampled

    def rebuilt(self, fitted: FittedModel, resampled: Bootstrap | None, findings: Sequence[Finding]) -> Fit:
        """Return this fit with another numerical result, the draws that it comes from, and more findings."""
        model = dataclasses.replace(self._model, findings=(*self._model.findings, *findings))
        options = self._options
        if resampled is not None:
            options = dataclasses.replace(options, given={**options.given, "seed": resampled.seed})
        return Fit(fitted, model, self._data, options, resampled)

    @property
    def resampled(self) -> Bootstrap | None:
        """The bootstrap draws that standard errors come from; None for a fit without `bootstrap=`."""
        return self._resampled

    def __repr__(self) -> str:
        test = self._fitted.test
        state = "converged" if self.converged else "NOT CONVERGED"
        groups = f" in {len(self.group_labels)} groups" if self.group_labels else ""
        return f"<Fit: {self.n_obs} respondents{groups}, chi-square {test.statistic:.3f} (df {test.df}), {state}>"

    @property
    def fitted(self) -> FittedModel:
        """The numerical result behind this object."""
        return self._fitted

    @property
    def model(self) -> ModelInput:
        """The parsed model and where it came from."""
        return self._model

    @property
    def data(self) -> DataInput:
        """Moments of the rows that were used, and which rows those are."""
        return self._data

    @property
    def options(self) -> FitOptions:
        """Options of the fit, defaults included."""
        return self._options

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Parameters with standard errors, z, p-values, 95 % intervals and standardised values."""
        with blas_threads_for(len(self._fitted.table.variables.observed)):
            frame = estimates_frame(self._fitted)
        return frame if self._resampled is None else bootstrap_estimates(frame, self._resampled)

    @cached_property
    def fit_measures(self) -> dict[str, float | None]:
        """Fit measures by lavaan's names with underscores; None where undefined (see `undefined_measures`)."""
        return dict(self._fitted.measures.values)

    @property
    def undefined_measures(self) -> dict[str, str]:
        """Why a fit measure is None."""
        return dict(self._fitted.measures.reasons)

    @property
    def converged(self) -> bool:
        """Whether the optimiser reached a minimum."""
        return self._fitted.estimate.converged

    @property
    def admissible(self) -> bool:
        """Whether the solution could come from a population: no negative variance, no correlation beyond 1."""
        return self._fitted.admissible

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Everything a reader must know, from the data to the solution."""
        return (
            *self._model.findings,
            *self._data.findings,
            *self._fitted.findings,
            *diagnose(self._fitted),
            *product_findings(self._fitted),
        )

    @property
    def n_obs(self) -> int:
        """Respondents used."""
        return self._fitted.moments.n_obs

    @property
    def group_labels(self) -> tuple[str, ...]:
        """Labels of the groups, in the order of their numbers; empty for one group."""
        return self._fitted.table.group_labels

    @property
    def tests(self) -> pd.DataFrame:
        """All tests of the model: columns test, statistic, df, pvalue, scaling_factor, shift.

        The first is the chi-square that CFI, TLI and RMSEA without a suffix are built on.
        """
        return tests_frame(self._fitted)

    def group_fit(self) -> pd.DataFrame:
        """Return how well each group fits: columns group, group_label, n_obs, chisq, share, srmr.

        chisq is the group's part of the unscaled chi-square, share what it is of the whole; both NaN for unweighted
        least squares, whose chi-square is no sum over groups.
        """
        return group_fit_frame(self._fitted)

    @cached_property
    def vcov(self) -> pd.DataFrame | None:
        """Covariance matrix of the free parameters; None where the information matrix cannot be inverted."""
        return vcov_frame(self._fitted)

    def implied(self) -> ImpliedMoments | dict[str, ImpliedMoments]:
        """Return the moments that the estimates imply; of several groups, by the label of each.

        Auxiliary variables are left out.
        """
        estimate, table = self._fitted.estimate, self._fitted.table
        index = model_variables(table)
        names = [table.variables.observed[k] for k in index]
        groups = {}
        for label, implied in zip(group_names(table), estimate.objective.implied(estimate.x), strict=True):
            mean = pd.Series(implied.mu[index], index=names) if table.meanstructure else None
            cov = pd.DataFrame(implied.sigma[np.ix_(index, index)], index=names, columns=names)
            groups[label] = ImpliedMoments(cov, mean)
        return groups if self.group_labels else groups[""]

    def residuals(self, type: str = "raw") -> Residuals | GroupedResiduals:
        """Return what the model leaves of the sample moments, with standard errors.

        Of several groups, a mapping from the label of each to its residuals; `largest()` of it looks at all groups.
        Incomplete rows are compared by the moments of the saturated model. Standard errors hold for any distribution
        where those of the fit do (robust, weights, clusters); those of pairwise covariances are not known. Of ordinal
        items residuals are those of thresholds and latent responses' correlations, and of the slopes on predictors.

        Args:
            type: "raw"; "cor_bentler" (divided by the sample's standard deviations); "cor_bollen" or "cor" (sample
                minus implied correlations); "normalized" (raw, by the standard error of the sample moment);
                "standardized" (raw, by its own standard error: a z-value). Dots may stand for underscores.

        Raises:
            UsageError: another type, or residuals that are divided by standard errors where there are none.

        Example:
            fit.residuals("standardized").largest(5)
        """
        with self._threads():
            return residuals_record(self._fitted, residual_type(type), pairwise=self._is_pairwise)

    @property
    def _is_pairwise(self) -> bool:
        return self._options.data.missing is Missing.PAIRWISE

    def _threads(self) -> AbstractContextManager[None]:
        return blas_threads_for(len(self._fitted.table.variables.observed))

    def factor_scores(self, method: str | None = None, *, se: bool = False) -> pd.DataFrame:
        """Return the factor scores of every row of the data, in its order; rows that were not used are NaN.

        A row with missing answers is scored by the answers that it has, with a larger standard error. Each row gets
        the parameters of its group. Auxiliary variables take no part.

        Args:
            method: "regression" (expected value given all answers; the default) or "bartlett" (weighted least squares).
                Of ordinal items "ebm", the mode of the factors given the chosen categories, is the only one and the
                default; "ebm" of continuous answers is "regression".
            se: Append a column `<factor>_se` per factor.

        Raises:
            UsageError: the fit was made from moments, the model has no latent variable, another method, Bartlett
                scores with a negative residual variance, or ordinal items that more than the factors connects.
        """
        with self._threads():
            chosen = used_method(self._fitted, method)
            return factor_scores_frame(self._fitted, self.cases("factor scores"), chosen, se=se)

    def factor_score_quality(self, method: str | None = None) -> pd.DataFrame:
        """Return how good factor scores are: columns factor, group, se, reliability, determinacy, note.

        Reliability is the squared correlation of score and factor, determinacy that correlation, for rows that
        answered all items. A fit from moments will do. Of ordinal items they are averages over the rows, whose scores
        differ in precision.
        """
        if self._fitted.table.ordinal is not None:
            used_method(self._fitted, method)
            return modal_quality_frame(self._fitted, self.cases("the quality of factor scores"))
        return factor_score_quality_frame(self._fitted, used_method(self._fitted, method))

    def thresholds(self) -> pd.DataFrame:
        """Return the thresholds between the categories of ordinal items.

        Returns:
            Columns item, threshold, below, above (the answers that it parts), est, se, ci_lower, ci_upper, group,
            group_label.

        Raises:
            UsageError: the fit has no ordinal items.
        """
        require_ordinal(self._fitted, "thresholds")
        return thresholds_frame(self._fitted, self.cases("thresholds"))

    def sample_statistics(self) -> SampleStatistics | dict[str, SampleStatistics]:
        """Return what the model is fitted to; of several groups, by the label of each.

        Covariances and means; of ordinal items thresholds and polychoric (polyserial) correlations, with slopes on the
        predictors that the model conditions on.
        """
        groups = sample_statistics(self._fitted)
        return groups if self.group_labels else groups[""]

    def category_probabilities(
        self, factors: Mapping[str, float] | None = None, covariates: Mapping[str, float] | None = None
    ) -> pd.DataFrame:
        """Return how probable the model makes each category of each ordinal item.

        Args:
            factors: Values at which factors are held, e.g. {"trust": 1.0}; without it all are integrated out. Factors
                that are not named follow their distribution given these.
            covariates: Values at which predictors are held; the others keep those of the respondents, over whom
                probabilities are averaged.

        Returns:
            Columns item, category (the answer), probability, observed (its share among the respondents), group,
            group_label.

        Raises:
            UsageError: the fit has no ordinal items, unknown names, or values that are no numbers.

        Example:
            fit.category_probabilities(factors={"trust": -1.0})
        """
        require_ordinal(self._fitted, "categories")
        cases = self.cases("category probabilities")
        return category_probabilities_frame(self._fitted, cases, factors or {}, covariates or {})

    def influence(self) -> pd.DataFrame:
        """Return each row's distance from the model and its influence; rows that were not used are NaN.

        Columns mahalanobis, mahalanobis_pvalue (squared distance to the implied moments), mahalanobis_saturated,
        mahalanobis_saturated_pvalue (to the sample's), loglik, chisq (shares of the fit's), cook (generalised Cook's
        distance, by one Newton step), likelihood_distance (of that step). Distances refer to what a row answered; with
        sampling weights loglik and chisq are multiplied by them. A row goes alone, also out of a cluster.

        Raises:
            UsageError: the fit was made from moments, has no standard errors, or has no likelihood that is a sum over
                rows (least squares, two-stage, pairwise).
        """
        return influence_frame(self._fitted, self.cases("measures of influence"))

    def dfbetas(self, *, standardized: bool = True) -> pd.DataFrame:
        """Return what each row changes in each free parameter: with all rows less without this one, by one step.

        Args:
            standardized: In standard errors of the parameter; else in its own units.

        Raises:
            UsageError: as `influence`.
        """
        return dfbetas_frame(self._fitted, self.cases("measures of influence"), standardized=standardized)

    def cases(self, what: str) -> Cases:
        """Return the respondents behind the fit.

        Args:
            what: What needs them, for the message.

        Raises:
            UsageError: the fit was made from moments.
        """
        data = self._data
        if data.values is None or data.row_index is None or data.index is None:
            raise UsageError(
                f"The fit was made from moments: {what} need the respondents' answers.",
                remedy="Fit the model to a data frame, a survey or a file.",
                code="no-raw-data",
            )
        return Cases(data.values, data.row_index, data.index)

    def r_squared(self) -> dict[str, float | None] | dict[str, dict[str, float | None]]:
        """Return the explained share of variance of every dependent variable; None where it is not defined.

        Of several groups, such a dict by the label of each.
        """
        results = r_squared(self._fitted.estimate)
        return dict(zip(self.group_labels, results, strict=True)) if self.group_labels else results[0]

    def standardized(self, type: str = "std_all") -> pd.DataFrame:
        """Return the standardised solution with delta-method standard errors.

        Args:
            type: "std_all", "std_lv" (latent variables only) or "std_nox" (all but exogenous observed variables).
        """
        allowed = {kind.value: kind for kind in Standardization}
        kind = allowed.get(str(type).replace(".", "_").lower())
        if kind is None:
            raise UsageError(f"Unknown type {type!r}.", remedy=f"Use one of: {', '.join(allowed)}.")
        return standardized_frame(self._fitted, kind)

    def modification_indices(
        self, *, minimum: float = 0.0, top: int | None = None, allowed_only: bool = False
    ) -> pd.DataFrame:
        """Return score tests of freeing one fixed parameter at a time, largest first.

        Args:
            minimum: Only indices of at least this size (3.84: p < .05 for one that was chosen beforehand).
            top: Only the first so many.
            allowed_only: Only paths that the theory draws; for models of the theory's constructs.

        Returns:
            Columns lhs, op, rhs, level, group, mi, epc, sepc_lv, sepc_all, sepc_nox; where the fit's test is divided by
            a scaling factor also mi_scaled, mi divided by it; for models whose factors are constructs of the theory
            also `theory`: "allowed by the theory" or "not in the theory". The index estimates the drop of the unscaled
            chi-square; that of unweighted least squares is no chi-square variable.

        Raises:
            UsageError: allowed_only for a model of other constructs.
        """
        theory = theory_behind(self._fitted.table)
        if allowed_only and theory is None:
            raise UsageError(
                "The model's factors are no constructs of the theory: nothing tells which paths it allows.",
                remedy="`trustsem constructs` lists the names that the theory knows.",
                code="no-theory",
            )
        frame = modification_frame(self._fitted, theory)
        if allowed_only:
            frame = frame.loc[frame["theory"] == "allowed by the theory"]
        frame = frame.loc[frame["mi"] >= minimum].reset_index(drop=True)
        return frame if top is None else frame.head(top)

    def wald(self, hypotheses: str | Sequence[str]) -> WaldTest:
        """Return the Wald test of hypotheses such as "a == b" or "a == 0", several at once.

        Raises:
            ModelError: unknown labels, or something else than ==.
        """
        return wald_of(self._fitted, hypotheses)

    def score_test(self) -> pd.DataFrame:
        """Return score tests of releasing each equality constraint of the model, and all of them.

        Raises:
            UsageError: the model has none.
        """
        return score_frame(self._fitted)

    def bootstrap(
        self,
        n: int = 1000,
        *,
        seed: int | None = None,
        policy: str = "drop",
        kind: str = "nonparametric",
        workers: int | None = None,
        scheduler: str | None = None,
        resume: str | PathLike[str] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Bootstrap:
        """Draw the rows again and refit, for every draw (Efron 1979); clusters are drawn whole, groups keep their size.

        Ctrl-C ends the run and keeps what is done: the result then says so in a finding.

        Args:
            n: Draws.
            seed: A whole number; drawn and recorded when None. The same seed gives the same draws, wherever they run.
            policy: What happens to draws with a negative variance: "drop", "keep" or "redraw".
            kind: "nonparametric" (respondents drawn with replacement), "parametric" (answers generated from the fitted
                model; predictors and missing answers stay) or "bollen_stine" (respondents transformed so that the
                model holds exactly, then drawn with replacement).
            workers: Processes of this machine; -1: one per core; this process alone when None.
            scheduler: Address of a Dask scheduler, e.g. "tcp://host:8786", instead.
            resume: File that keeps the draws while they are made; draws that it has already are not made again.
            progress: Called with draws done and wanted.

        Returns:
            `.intervals(kind)` of parameters and definitions, `.effects(...)`, `.fit_test()` of draws in which the model
            holds, `.draws`, `.ledger`, `.findings`.

        Raises:
            UsageError: an option that means nothing, a fit of summary data, or draws that the data have not.
            SchedulerError: workers that cannot be reached, or that die again and again.
        """
        from trustsem.fitting.bootstrap import bootstrap_fit

        return bootstrap_fit(
            self,
            n,
            seed,
            policy,
            kind=kind,
            workers=workers,
            scheduler=scheduler,
            resume=resume,
            progress=progress,
        )

    def reweight(self, weights: Any, *, normalization: str | None = None) -> Reweighted:
        """Refit the model under other weights, e.g. replicate weights of a survey.

        Args:
            weights: One row for every row of the data that were given, one column per set of weights.
            normalization: "group", "total" or "none" (see `trustsem.fit`); as in the fit when None.

        Returns:
            `.estimates`: value of every parameter and definition under each set; `.effects(...)`, `.findings`.

        Raises:
            UsageError: a fit that weights do not go with.
            DataError: weights that mean nothing, by name of their column.
        """
        from trustsem.fitting.reweighted import reweight_fit

        return reweight_fit(self, weights, normalization)

    def monte_carlo(self, n: int = 20_000, *, seed: int | None = None) -> MonteCarlo:
        """Draw parameters from the normal distribution around the estimates (MacKinnon et al. 2004).

        Args:
            n: Draws.
            seed: A whole number; drawn and recorded when None.

        Returns:
            `.intervals()` of parameters and definitions, `.effects(...)`, `.draws`, `.findings`.

        Raises:
            UsageError: an option that means nothing, or a fit without a covariance matrix of its estimates.
        """
        from trustsem.fitting.monte_carlo import monte_carlo_fit

        return monte_carlo_fit(self, n, seed)

    def reliability(self) -> Reliability:
        """Return how reliable the sum scores of the factors' items are: alpha, omega, composite reliability, AVE.

        Intervals of omega, composite reliability and AVE are those of the delta method with the fit's standard errors,
        that of alpha is Feldt's. Ordinal fits have categorical omega (Green & Yang 2009) and alpha of the answers, and
        ordinal alpha, composite reliability and AVE of the latent responses.

        Returns:
            `.coefficients`, `.findings`, `.summary()`; what is undefined is NaN there, with its reason.

        Raises:
            UsageError: the fit did not converge, or its model has no latent variable.
        """
        from trustsem.fitting.reliability import reliability_of

        return reliability_of(self)

    def validity(self) -> Validity:
        """Return whether constructs are told apart: their correlation with its interval, HTMT, Fornell & Larcker.

        Returns:
            `.pairs` with a verdict for each pair by fixed thresholds (.85, .90), `.factors`, `.findings`, `.summary()`.

        Raises:
            UsageError: as `reliability`.
        """
        from trustsem.fitting.validity import validity_of

        return validity_of(self)

    def scenario(
        self,
        levers: Mapping[str, str | float],
        *,
        outcome: str | Sequence[str] | None = None,
        intervention: str = "push",
        ci: str = "delta",
        draws: int | None = None,
        seed: int | None = None,
    ) -> Scenario:
        """Return what the model expects of every construct downstream when levers are moved.

        Args:
            levers: Construct, or identifier of a lever of the theory -> how far: "+0.5sd", "+5points" (of its 0-100
                score), "+10%" (of the way to the end of its scale), or a number in its own units.
            outcome: Only these constructs; all that the levers reach when None.
            intervention: "push": the causes of a moved construct go on working, loops amplify the step. "hold": it
                stands at its mean plus the step whatever its causes do.
            ci: "delta" or "monte_carlo".
            draws: Of "monte_carlo"; 5,000 when None.
            seed: Of the draws; drawn and recorded when None.

        Returns:
            `.changes` in standard deviations and in points of a 0-100 score, `.moved`, `.assumptions`, `.findings`,
            `.summary()`, `.to_dict()`; the rows of all groups.

        Raises:
            UsageError: amounts or options that cannot be used.
            EffectError: unknown levers, an outcome that they do not reach, a loop that does not settle.

        Example:
            fit.scenario({"rights_protection": "+0.5sd"}).changes
        """
        from trustsem.fitting.scenario import scenario_of

        return scenario_of(self, levers, outcome, intervention, ci, draws, seed)

    def levers(
        self,
        outcome: str,
        *,
        step: str | float = "+0.5sd",
        ci: str = "delta",
        draws: int | None = None,
        seed: int | None = None,
    ) -> LeverRanking:
        """Return how far each lever could move an outcome: its importance, its headroom, and what both gain.

        Args:
            outcome: Construct that is to rise.
            step: A common step, written as in `scenario`, that `gain` is computed for.
            ci: "delta" or "monte_carlo".
            draws: Of "monte_carlo"; 5,000 when None.
            seed: Of the draws; drawn and recorded when None.

        Returns:
            `.frame` (exogenous constructs and levers of the theory, the most important first), `.rows`, `.figure()`,
            `.assumptions`, `.findings`, `.summary()`, `.to_dict()`.

        Raises:
            UsageError: a step or options that cannot be used.
            EffectError: an unknown outcome, one that no lever reaches, a loop that does not settle.

        Example:
            fit.levers("interpersonal_trust").frame
        """
        from trustsem.fitting.lever_ranking import rank_levers

        return rank_levers(self, outcome, step, ci, draws, seed)

    def scenario_matrix(self) -> ScenarioMatrix:
        """Return all effects of constructs on each other with their joint covariance, for pages that compute scenarios.

        Raises:
            EffectError: the fit did not converge, or has a loop that does not settle.
        """
        from trustsem.fitting.scenario_matrix import scenario_matrix

        return scenario_matrix(self)

    def miiv(self) -> Miiv:
        """Estimate each equation by itself, by two-stage least squares with the instruments that the model implies.

        Scaling indicators take the place of latent variables; observed variables that the model's zeros make
        uncorrelated with an equation's disturbance are its instruments (MIIV-2SLS; Bollen 1996, 2019). Groups are
        estimated one by one.

        Returns:
            `.estimates`, `.equations` (instruments, Sargan's test, first-stage F), `.findings`.

        Raises:
            UsageError: ordinal items, incomplete rows, clusters, weights, constraints, or a latent variable without a
                scaling indicator.
        """
        from trustsem.fitting.miiv import miiv_fit

        return miiv_fit(self)

    def loop_analysis(self, n_draws: int = 2_000, *, seed: int | None = None) -> LoopAnalysis:
        """Judge every feedback loop: what its arrows rest on, whether it settles, and a verdict by written rules.

        Gain and stability index with intervals, from the delta method and from Monte-Carlo draws that count those that
        do not settle; the model with the disturbance covariance free and fixed at zero; instruments of each arrow and
        their strength; MIIV-2SLS estimates beside; effects at equilibrium. docs/loops.md has the rules.

        Args:
            n_draws: Monte-Carlo draws.
            seed: A whole number; drawn and recorded when None.

        Returns:
            `.frame` (one row per arrow), `.loops` (records with verdict and reasons), `.equilibrium`, `.findings`.

        Raises:
            UsageError: draws or a seed that mean nothing.
            EffectError: the model has no feedback loop, or the fit did not converge.
        """
        from trustsem.fitting.loop_analysis import analyse_loops

        return analyse_loops(self, n_draws, seed)

    def diagram(
        self,
        *,
        labels: str = "std",
        items: bool | None = None,
        covariances: bool | None = None,
        group: str | None = None,
        language: str = "en",
        by_basis: bool = False,
    ) -> PathDiagram:
        """Return the path diagram, with `.figure()` for plotly, `.svg()`, `.text()` and `.to_dict()`.

        Args:
            labels: What stands beside arrows: "est", "std", "ci" (95 % interval of the estimate) or "stars".
            items: Draw indicators; None: where there are few.
            covariances: Draw those among variables that nothing points at; None: where there are few.
            group: Label of the group; needed where there are several.
            language: Of names: "en" or "zh".
            by_basis: Colour paths by the ground on which the model draws them instead of by sign.

        Raises:
            UsageError: unknown words, or items that do not fit on a page in letters that can be read.
            ConvergenceError: the fit did not converge.
        """
        from trustsem.plots.diagram.page import path_diagram

        return path_diagram(
            self, labels=labels, items=items, covariances=covariances, group=group, language=language, by_basis=by_basis
        )

    def plot(self, name: str, **options: Any) -> Plot:
        """Return a figure, with `.figure()` for plotly, `.svg()`, `.text()` and `.to_dict()`.

        Args:
            name: "path_diagram", "measurement", "loadings", "effects" or "residuals"; see docs/figures.md.
            options: Of that figure.

        Raises:
            UsageError: an unknown figure or option.
            ConvergenceError: the fit did not converge.

        Example:
            fit.plot("loadings", standardized=False).svg()
        """
        from trustsem.plots.registry import MadeOf, build_plot

        return build_plot(name, MadeOf.FIT, self, options)

    def cross_check(self) -> CrossCheck:
        """Fit the same model to the same moments with semopy, a second engine, and compare.

        Where that is not possible, or semopy fails, the record says why.
        """
        from trustsem.fitting.cross_check import cross_check_fit

        return cross_check_fit(self._fitted, self._options.pipeline.used_information)

    def summary(self, *, width: int = 80) -> str:
        """Return the fit as text: how it ended, fit measures, parameters, R-squared, findings."""
        from trustsem.fitting.summary import summarise

        return summarise(self, width=width)

    def to_dict(self) -> dict[str, Any]:
        """Return the fit as JSON-ready values, schema `trustsem.fit/1`."""
        from trustsem.fitting.serialise import fit_to_dict

        return fit_to_dict(self)
