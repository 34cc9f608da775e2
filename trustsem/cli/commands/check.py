"""`trustsem check`: can this model be fitted, to these data, and if not, why; nothing is estimated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.console import print_error, print_json, print_text, terminal_width
from trustsem.cli.failures import error_record
from trustsem.cli.fit_options import TABLE_OPTIONS, with_fit_options
from trustsem.cli.groups import complete_options, groups_of_fit
from trustsem.cli.options import CodebookOption, EncodingOption, JsonOption, SheetOption
from trustsem.errors import TrustSemError, UsageError
from trustsem.tables.text import render_pairs, render_table, wrap_text

if TYPE_CHECKING:
    from trustsem.fitting.inputs import DataInput
    from trustsem.fitting.options import FitOptions
    from trustsem.fitting.recommend import Recommendation
    from trustsem.identification import IdentificationReport
    from trustsem.records import Finding
    from trustsem.spec import LibraryModel, ParameterTable, Row
    from trustsem.survey import Survey


@dataclass(slots=True)
class _Report:
    """What has been found out so far; a problem does not keep the later checks from running."""

    model: LibraryModel
    table: ParameterTable
    identification: IdentificationReport
    n_moments: int
    data: DataInput | None = None
    findings: list[Finding] = field(default_factory=list)
    problems: list[TrustSemError] = field(default_factory=list)
    recommendation: Recommendation | None = None


@with_fit_options(TABLE_OPTIONS)
def check(
    options: Mapping[str, Any],
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="Shipped model, path of a .sem file, or - .")
    ] = None,
    data: Annotated[str | None, typer.Argument(metavar="[DATA]", help="Path of a file, or a bundled sample.")] = None,
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    show_table: Annotated[
        bool, typer.Option("--table", help="Print the parameter table and where each row came from.")
    ] = False,
    refused: Annotated[
        bool, typer.Option("--refused", help="List what this version refuses: language features and options.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check a model without fitting it: syntax, parameters, degrees of freedom, identification, and the data."""
    if data is None:
        _refuse_without_data(codebook=codebook, sheet=sheet, encoding=encoding)
    if model is None:
        if not refused:
            raise UsageError("No model was named.", remedy="trustsem check MODEL [DATA], or trustsem check --refused.")
        _show_refused(as_json)
        return
    report = _examine(model, data, codebook, options, sheet=sheet, encoding=encoding)
    if as_json:
        print_json("check", {**_content(report, show_table), **(_refused_content() if refused else {})})
    else:
        _print_report(report, show_table)
        if refused:
            print_text("", *_refused_text(terminal_width()))
    if report.problems:
        for problem in report.problems:
            print_error(str(problem))
        raise typer.Exit(report.problems[0].exit_code)


def _refuse_without_data(**options: str | None) -> None:
    """Refuse options that say how data are read where there are none to read."""
    given = [f"--{name}" for name, value in options.items() if value is not None]
    if given:
        raise UsageError(
            f"{' and '.join(given)} without DATA: there is no file to read.",
            remedy="trustsem check MODEL DATA, with the path of a survey file or the name of a bundled sample.",
            code="option-without-data",
        )


def _examine(
    model: str,
    data: str | None,
    codebook: str | None,
    options: Mapping[str, Any],
    *,
    sheet: str | None,
    encoding: str | None,
) -> _Report:
    from trustsem.cli.inputs import find_model, read_data
    from trustsem.fitting.inputs import read_model
    from trustsem.spec import build_table

    found = find_model(model)
    chosen, taken = complete_options(found, options)
    parsed = read_model(found)
    survey, unreadable = None, None
    if data is not None:
        try:
            survey = read_data(data, codebook, found, sheet=sheet, encoding=encoding)
        except TrustSemError as error:
            unreadable = error
    labels, problem = groups_of_fit(found, parsed.syntax, chosen, survey)
    table = build_table(parsed.syntax, replace(chosen.spec, group_labels=labels))
    report = _identify(found, table)
    report.findings.extend([*parsed.syntax.findings, *taken, *table.findings])
    if chosen.ordinal is not None and survey is None:
        report.findings.append(_counted_without_categories())
    report.problems.extend(error for error in (unreadable, problem) if error is not None)
    if survey is not None and problem is None:
        try:
            _examine_data(report, survey, chosen)
        except TrustSemError as error:
            report.problems.append(error)
    return report


def _identify(model: LibraryModel, table: ParameterTable) -> _Report:
    """Count and check the rank; without data the moments of fixed predictors are those of independent ones."""
    import numpy as np

    from trustsem.identification import check_identification, count_moments
    from trustsem.implied import build_layout
    from trustsem.moments import SampleMoments
    from trustsem.moments.sample import SampleGroup
    from trustsem.pipeline.run import identification_error

    names = table.variables.observed
    group = SampleGroup(names, np.eye(len(names)), np.zeros(len(names)), 1)
    layout = build_layout(table, SampleMoments((group,) * table.n_groups))
    result = check_identification(table, layout)
    report = _Report(model, table, result, count_moments(layout))
    if result.df < 0 or not result.identified:
        report.problems.append(identification_error(table, result))
    return report


def _examine_data(report: _Report, survey: Survey, options: FitOptions) -> None:
    from trustsem.fitting.api import read_ordinal
    from trustsem.fitting.inputs import read_data, read_model
    from trustsem.fitting.recommend import recommend_for_model
    from trustsem.pipeline import prepare_moments
    from trustsem.spec.export import made_columns
    from trustsem.survey import screen_items

    labels, source = report.table.group_labels, read_model(report.model)
    if options.ordinal is not None:
        report.table, report.data = read_ordinal(source, survey, labels, options)
        _count_again(report)
    names = report.table.variables.observed
    if report.data is None:
        report.data = read_data(survey, names, source, options.data, labels, products=report.table.products)
    report.findings.extend(report.data.findings)
    made = made_columns(report.table)
    plain = [name for name in names if name not in made]
    columns = [part for name in plain for part in ([name] if name in survey.frame.columns else name.split(":"))]
    report.findings.extend(screen_items(survey, list(dict.fromkeys(columns))))
    report.recommendation = recommend_for_model(survey, source)
    prepare_moments(report.table, report.data.moments, options.pipeline.discrepancy, options.pipeline.likelihood)


def _count_again(report: _Report) -> None:
    """Count moments and parameters anew once the data have told the categories."""
    from trustsem.identification import check_identification, count_moments
    from trustsem.implied import build_layout
    from trustsem.pipeline.run import identification_error

    assert report.data is not None
    layout = build_layout(report.table, report.data.moments)
    report.identification, report.n_moments = check_identification(report.table, layout), count_moments(layout)
    if report.identification.df < 0 or not report.identification.identified:
        report.problems.append(identification_error(report.table, report.identification))


def _counted_without_categories() -> Finding:
    from trustsem.records import Finding, Severity

    return Finding(
        "counted-without-categories",
        Severity.INFO,
        "How many categories the ordinal items have is not known without data: moments and parameters are counted as "
        "those of continuous items, without thresholds.",
        remedy="trustsem check MODEL DATA counts them.",
    )


# --- text -------------------------------------------------------------------------------------------------------


def _print_report(report: _Report, show_table: bool) -> None:
    from trustsem.fitting.summary import render_findings, section

    width = terminal_width()
    print_text(
        render_pairs(_facts(report), width=width),
        section("Parameters", _render_table(report.table, width)) if show_table else "",
        section("What to fit by", recommendation_text(report.recommendation, width)) if report.recommendation else "",
        section("What to know", render_findings(report.findings, width)),
    )


def recommendation_text(advice: Recommendation, width: int) -> str:
    """Return a recommended estimator with the options that ask for it, and why."""
    reasons = [line for reason in advice.reasons for line in wrap_text(f"- {reason}", width, hanging=2)]
    return "\n".join([*wrap_text(advice.command_text(), width, hanging=2), *reasons])


def _facts(report: _Report) -> list[tuple[str, object]]:
    table, result, variables = report.table, report.identification, report.table.variables
    expected = report.model.expected_df
    df = str(result.df)
    if expected is not None and expected != result.df:
        df += f" (with default options, complete data: {expected})"
    state = "yes" if result.identified and result.df >= 0 else "NO"
    facts: list[tuple[str, object]] = [
        ("Model", report.model.name),
        ("Groups", ", ".join(table.group_labels)),
        ("Factors", f"{len(variables.latent)}"),
        ("Observed variables", len(variables.observed)),
        ("Predictors as given", ", ".join(variables.exogenous)),
        ("Moments", report.n_moments),
        ("Parameters", result.n_parameters),
        ("Degrees of freedom", df),
        ("Mean structure", table.meanstructure),
        ("Identified", f"{state} (the moments determine {result.rank} of {result.n_parameters} parameters)"),
    ]
    if report.data is not None:
        facts.append(("Complete rows", _rows_text(report.data)))
    return facts


def _rows_text(data: DataInput) -> str:
    text = f"{data.moments.n_obs} of {data.n_total}"
    groups = [f"{sample.label} {sample.n_obs}" for sample in data.moments.groups if sample.label]
    return f"{text} ({', '.join(groups)})" if groups else text


def _render_table(table: ParameterTable, width: int) -> str:
    rows: list[list[object]] = [
        [_parameter_text(row, table), row.label, _state(row), row.origin.describe(), row.note or ""] for row in table
    ]
    rows.extend([f"{item.name} := {item.text}"] for item in table.definitions)
    rows.extend([text] for text in table.constraints.texts)
    columns = ["parameter", "label", "state", "from", "note"]
    used = [i for i in range(len(columns)) if any(len(row) > 1 and row[i] for row in rows)]
    kept = [row if len(row) == 1 else [row[i] for i in used] for row in rows]
    return render_table([columns[i] for i in used], kept, width=width)


def _parameter_text(row: Row, table: ParameterTable) -> str:
    text = f"{row.lhs} {row.op} {row.rhs}".strip()
    return f"{text} ({table.group_labels[row.group - 1]})" if table.group_labels else text


def _state(row: Row) -> str:
    if row.exogenous:
        return "as in sample"
    return "free" if row.value is None else f"= {row.value:g}"


# --- what is refused --------------------------------------------------------------------------------------------


def _show_refused(as_json: bool) -> None:
    if as_json:
        print_json("refused", _refused_content())
    else:
        print_text(*_refused_text(terminal_width()))


def _refused_text(width: int) -> tuple[str, str]:
    from trustsem.fitting import REFUSED_OPTIONS
    from trustsem.spec import REFUSED

    features = [[item.name, item.example, item.alternative] for item in REFUSED.values()]
    options = [[_flag(item.name), item.meaning, item.alternative] for item in REFUSED_OPTIONS.values()]
    return (
        "In the model text\n" + render_table(["feature", "example", "instead"], features, width=width),
        "Options of a fit\n" + render_table(["option", "meaning", "instead"], options, width=width),
    )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _refused_content() -> dict[str, Any]:
    from trustsem.fitting import REFUSED_OPTIONS
    from trustsem.spec import REFUSED

    return {
        "refused_features": [
            {"name": item.name, "example": item.example, "alternative": item.alternative} for item in REFUSED.values()
        ],
        "refused_options": [
            {"name": item.name, "meaning": item.meaning, "alternative": item.alternative}
            for item in REFUSED_OPTIONS.values()
        ],
    }


def _content(report: _Report, show_table: bool) -> dict[str, Any]:
    result, table = report.identification, report.table
    content: dict[str, Any] = {
        "model": report.model.name,
        "groups": list(table.group_labels),
        "latent": list(table.variables.latent),
        "observed": list(table.variables.observed),
        "n_moments": report.n_moments,
        "n_parameters": result.n_parameters,
        "df": result.df,
        "expected_df": report.model.expected_df,
        "meanstructure": table.meanstructure,
        "identified": result.identified and result.df >= 0,
        "rank": result.rank,
        "unidentified": [{"parameters": list(s.parameters), "freedom": s.freedom} for s in result.unidentified],
        "n_obs": report.data.moments.n_obs if report.data else None,
        "n_total": report.data.n_total if report.data else None,
        "n_by_group": [sample.n_obs for sample in report.data.moments.groups] if report.data else None,
        "findings": [finding.to_dict() for finding in report.findings],
        "recommendation": report.recommendation.to_dict() if report.recommendation else None,
        "problems": [error_record(problem) for problem in report.problems],
    }
    if show_table:
        content["parameters"] = [
            {"lhs": row.lhs, "op": row.op, "rhs": row.rhs, "group": row.group, "label": row.label or None,
             "free": row.is_free, "value": row.value, "from_sample": row.exogenous, "origin": row.origin.describe(),
             "note": row.note}
            for row in table
        ]  # fmt: skip
    return content
