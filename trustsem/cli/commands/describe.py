"""`trustsem describe`: what is in a survey file before anything is fitted."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.console import print_json, print_text, terminal_width
from trustsem.cli.options import CodebookOption, DataArgument, EncodingOption, JsonOption, SheetOption, split_names
from trustsem.errors import UsageError
from trustsem.tables.text import render_pairs, render_table

if TYPE_CHECKING:
    from trustsem.fitting.recommend import Recommendation
    from trustsem.survey import CovariateDescription, ItemDescription, LogEntry, RowDescription, Survey
    from trustsem.survey.missing import MissingDescription


def describe(
    data: DataArgument,
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    show_log: Annotated[
        bool, typer.Option("--log", help="List every recode: which column, how many cells, by which rule.")
    ] = False,
    missing: Annotated[
        bool,
        typer.Option("--missing", help="Only what is missing: coverage of pairs, patterns of rows, Little's test."),
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--items", help="With --missing: items or constructs. Repeat it or write names with commas."),
    ] = None,
    group: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="With --missing: each group of this column by itself.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Describe the items, covariates and rows of a survey file; scores point to the construct's positive pole."""
    from trustsem.cli.commands.check import recommendation_text
    from trustsem.cli.inputs import read_data
    from trustsem.fitting.recommend import recommend_for
    from trustsem.survey import describe_covariates, describe_rows, describe_survey

    if missing and show_log:
        raise UsageError("--log is for the whole description.", remedy="Leave out --missing, or --log.")
    if not missing and (only or group is not None):
        raise UsageError("--items and --group go with --missing.", remedy="Add --missing.")
    survey = read_data(data, codebook, sheet=sheet, encoding=encoding)
    if missing:
        _describe_missing(survey, only, group, as_json=as_json)
        return
    items, covariates, rows = describe_survey(survey), describe_covariates(survey), describe_rows(survey)
    advice = recommend_for(survey, None) if survey.items else None
    if as_json:
        print_json("describe", _content(survey, items, covariates, rows, advice, show_log))
        return
    from trustsem.fitting.summary import render_findings, section

    width = terminal_width()
    print_text(
        _facts(survey, rows, width),
        section("Items", _render_items(items, width)),
        section("Answers, % from the lowest to the highest score", _render_answers(items, width)),
        section("Missing answers by kind", _render_missing(items, width)),
        section("What to fit by", recommendation_text(advice, width)) if advice else "",
        section("Covariates", _render_covariates(covariates, width)),
        section("Rows by number of missing answers", _render_rows(rows, width)),
        section("What was done to the file", _render_log(survey.log, width)) if show_log else "",
        section("What to know", render_findings(survey.findings, width)),
    )


def _describe_missing(survey: Survey, only: list[str] | None, group: str | None, *, as_json: bool) -> None:
    from trustsem.fitting.summary import render_findings, section
    from trustsem.survey.missing import describe_missing
    from trustsem.tables.missing import missing_to_dict, render_missing

    names = split_names(only)
    described = describe_missing(survey, names or None, group)
    findings = [finding for part in described for finding in part.findings]
    if as_json:
        content = {
            "source": None if survey.source is None else survey.source.to_dict(),
            "codebook": survey.codebook.id if survey.codebook else None,
            "missing": [missing_to_dict(part) for part in described],
            "findings": [finding.to_dict() for finding in (*survey.findings, *findings)],
        }
        print_json("describe_missing", content)
        return
    width = terminal_width()
    print_text(
        *(section(_missing_title(group, part), render_missing(part, width)) for part in described),
        section("What to know", render_findings([*survey.findings, *dict.fromkeys(findings)], width)),
    )


def _missing_title(group: str | None, part: MissingDescription) -> str:
    return "Missing answers" if group is None else f"Missing answers, {group} {part.group}"


def _facts(survey: Survey, rows: RowDescription, width: int) -> str:
    source = survey.source
    return render_pairs(
        [
            ("File", str(source.path) if source else None),
            ("Format", source.format if source else None),
            ("Codebook", survey.codebook.id if survey.codebook else "none: columns as they are"),
            ("Rows", rows.n_rows),
            ("Items", rows.n_items),
            ("Complete rows", f"{rows.n_complete} of {rows.n_rows}"),
            ("Patterns of missing", rows.n_patterns),
        ],
        width=width,
    )


def _render_items(items: tuple[ItemDescription, ...], width: int) -> str:
    rows: list[list[object]] = []
    for index, item in enumerate(items):
        if item.construct and (index == 0 or items[index - 1].construct != item.construct):
            rows.append([f"{item.construct}:"])
        name = f"{'  ' if item.construct else ''}{item.name}{' (reversed)' if item.reverse else ''}"
        rows.append([name, item.n, item.n_missing, item.mean, item.sd, item.skewness, item.kurtosis,
                     _percent(item.floor), _percent(item.ceiling)])  # fmt: skip
    columns = ["item", "n", "missing", "mean", "sd", "skew", "kurt", "floor", "ceiling"]
    return render_table(columns, rows, width=width) if rows else "No items: no numeric column."


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}%"


def _render_answers(items: tuple[ItemDescription, ...], width: int) -> str:
    """Return one table per set of scale points, so that columns mean the same in every row."""
    by_points: dict[tuple[float, ...], list[ItemDescription]] = {}
    for item in items:
        if item.distribution:
            by_points.setdefault(tuple(answer.point for answer in item.distribution), []).append(item)
    tables = []
    for points, members in by_points.items():
        rows = [[item.name, *(f"{100 * answer.share:.1f}" for answer in item.distribution)] for item in members]
        tables.append(render_table(["item", *(f"{point:g}" for point in points)], rows, width=width))
    return "\n\n".join(tables)


def _render_missing(items: tuple[ItemDescription, ...], width: int) -> str:
    totals: dict[str, int] = {}
    for item in items:
        for reason, count in item.missing:
            totals[reason] = totals.get(reason, 0) + count
    if not totals:
        return ""
    reasons = sorted(totals, key=lambda reason: -totals[reason])
    rows: list[list[object]] = [
        [item.name, ", ".join(f"{reason} {count}" for reason, count in item.missing)] for item in items if item.missing
    ]
    rows.append(["all items", ", ".join(f"{reason} {totals[reason]}" for reason in reasons)])
    return render_table(["item", "missing by kind"], rows, width=width)


def _render_covariates(covariates: tuple[CovariateDescription, ...], width: int) -> str:
    numbers = [item for item in covariates if item.mean is not None]
    others = [item for item in covariates if item.mean is None]
    tables = []
    if numbers:
        rows: list[list[object]] = [
            [item.name, item.kind, item.n, item.n_missing, item.mean, item.sd, item.minimum, item.maximum]
            for item in numbers
        ]
        tables.append(
            render_table(["covariate", "kind", "n", "missing", "mean", "sd", "min", "max"], rows, width=width)
        )
    if others:
        rows = [[item.name, item.kind, item.n, item.n_missing, _categories(item)] for item in others]
        tables.append(render_table(["covariate", "kind", "n", "missing", "values"], rows, width=width))
    return "\n\n".join(tables)


def _categories(item: CovariateDescription) -> str:
    if not item.categories:
        return f"{item.n_distinct} different"
    return ", ".join(f"{value} {count}" for value, count in item.categories)


def _render_rows(rows: RowDescription, width: int) -> str:
    table: list[list[object]] = [
        [missing, count, f"{100 * count / rows.n_rows:.1f}%"] for missing, count in rows.by_missing
    ]
    return render_table(["missing answers", "rows", "share"], table, width=width)


def _render_log(log: tuple[LogEntry, ...], width: int) -> str:
    rows: list[list[object]] = [
        [entry.variable or "(rows)", entry.action.value, entry.count, entry.detail] for entry in log
    ]
    return render_table(["column", "what", "cells", "rule"], rows, width=width) if rows else "Nothing."


def _content(
    survey: Survey,
    items: tuple[ItemDescription, ...],
    covariates: tuple[CovariateDescription, ...],
    rows: RowDescription,
    advice: Recommendation | None,
    show_log: bool,
) -> dict[str, Any]:
    content: dict[str, Any] = {
        "source": None if survey.source is None else survey.source.to_dict(),
        "codebook": survey.codebook.id if survey.codebook else None,
        "rows": {
            "n_rows": rows.n_rows,
            "n_items": rows.n_items,
            "n_complete": rows.n_complete,
            "n_patterns": rows.n_patterns,
            "by_missing": [{"missing": missing, "rows": count} for missing, count in rows.by_missing],
        },
        "items": [{**asdict(item), "missing": dict(item.missing)} for item in items],
        "covariates": [
            {**asdict(item), "missing": dict(item.missing), "categories": dict(item.categories)} for item in covariates
        ],
        "recommendation": advice.to_dict() if advice else None,
        "findings": [finding.to_dict() for finding in survey.findings],
    }  # fmt: skip
    if show_log:
        content["log"] = [entry.to_dict() for entry in survey.log]
    return content
