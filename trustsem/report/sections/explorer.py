"""What if: sliders that move constructs, and the same as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trustsem.distributions import Z95
from trustsem.errors import EffectError
from trustsem.fitting.claims import construct_name
from trustsem.report.cells import ABSENT, number
from trustsem.report.document import Align, Block, Bullets, Column, ExplorerBlock, Paragraph, Section, TableBlock
from trustsem.report.wording import Wording, texts
from trustsem.study import StudyResult

STEP = 0.5  # standard deviations: the step of the table
ROUNDING = 1e-18  # variance of what the step itself gives: it has no interval
REACH = 2.0  # standard deviations: how far a slider goes; beyond, hardly a respondent tells what the model looks like


def explorer(result: StudyResult, words: Wording) -> Section | None:
    """Return the section; None for a model without effects of one construct on another."""
    title = words("explorer.title")
    try:
        record = result.main.scenario_matrix().to_dict()
    except EffectError as error:
        if error.code == "no-path":
            return None
        return Section("explorer", title, (Paragraph(words("explorer.none", reason=str(error))),))
    roles = _roles(record, result)
    if not roles.targets:
        return None
    content = _content(record, roles, words)
    blocks: list[Block] = [
        Paragraph(words("explorer.lead", model=result.fits[0].name)),
        ExplorerBlock(words("explorer.caption"), content, _table(record, content, words)),
        Paragraph(words("explorer.assumes")),
        Bullets((*record["assumptions"], *(finding["message"] for finding in record["findings"]))),
    ]
    return Section("explorer", title, tuple(blocks))


@dataclass(frozen=True, slots=True)
class _Roles:
    """Numbers of the constructs that are moved first, of the others that move something, and of those that change."""

    levers: tuple[int, ...]
    others: tuple[int, ...]
    targets: tuple[int, ...]
    outcome: int


def _roles(record: Mapping[str, Any], result: StudyResult) -> _Roles:
    names = record["groups"][0]["constructs"]
    book = result.main.data.codebook
    fixed = set() if book is None else {covariate.name for covariate in book.covariates}
    arrows = {tuple(cell) for group in record["groups"] for cell in group["cells"] if cell[0] != cell[1]}
    arrows = {(source, target) for source, target in arrows if source not in fixed}
    caused = {target for _, target in arrows}
    moving = [name for name in names if any(source == name for source, _ in arrows)]
    targets = tuple(k for k, name in enumerate(names) if name in caused)
    asked = result.spec.outcome
    outcome = names.index(asked) if asked in caused else (targets[-1] if targets else 0)
    return _Roles(
        tuple(names.index(name) for name in moving if name not in caused),
        tuple(names.index(name) for name in moving if name in caused),
        targets,
        outcome,
    )


def _content(record: Mapping[str, Any], roles: _Roles, words: Wording) -> dict[str, Any]:
    """Return what a page computes with: for each construct, the cells that reach it with their covariance."""
    keys = [key for key in texts(words.language) if key.startswith("explorer.page.")]
    names = record["groups"][0]["constructs"]
    return {
        "z": Z95,
        "reach": REACH,
        "rounding": ROUNDING,
        "constructs": list(names),
        "names": [construct_name(name, words.language) for name in names],
        "levers": list(roles.levers),
        "others": list(roles.others),
        "targets": list(roles.targets),
        "outcome": roles.outcome,
        "groups": [_group(group) for group in record["groups"]],
        "words": {key.removeprefix("explorer.page."): texts(words.language)[key] for key in keys},
    }


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    names = group["constructs"]
    into: dict[int, list[int]] = {}
    for k, (_, target) in enumerate(group["cells"]):
        into.setdefault(names.index(target), []).append(k)
    return {
        "label": group["group_label"],
        "scores": group["mean_scores"],
        "cells": {
            str(target): {
                "sources": [names.index(group["cells"][k][0]) for k in cells],
                "sd": _picked(group["sd"], cells),
                "sd_covariance": _square(group["sd_covariance"], cells),
                "points": _picked(group["points"], cells),
                "points_covariance": _square(group["points_covariance"], cells),
            }
            for target, cells in into.items()
        },
    }


def _picked(values: list[Any] | None, cells: list[int]) -> list[Any] | None:
    return None if values is None else [values[k] for k in cells]


def _square(matrix: list[list[Any]] | None, cells: list[int]) -> list[list[Any]] | None:
    return None if matrix is None else [[matrix[j][k] for k in cells] for j in cells]


def _table(record: Mapping[str, Any], content: Mapping[str, Any], words: Wording) -> TableBlock:
    """Return the change of the outcome when each lever is moved alone by one step."""
    columns = (
        Column(words("explorer.lever"), Align.LEFT),
        Column(words("explorer.page.sd")),
        Column(words("labels.interval")),
        Column(words("explorer.page.points")),
        Column(words("labels.interval")),
    )
    rows: list[tuple[str, ...]] = []
    for group in content["groups"]:
        cells = group["cells"].get(str(content["outcome"]))
        if cells is None:
            continue
        if group["label"]:
            rows.append((group["label"], *("" for _ in columns[1:])))
        for lever in (*content["levers"], *content["others"]):
            if lever in cells["sources"] and lever != content["outcome"]:
                at = cells["sources"].index(lever)
                rows.append((content["names"][lever], *_change(cells, "sd", at, 3), *_change(cells, "points", at, 1)))
    outcome = content["names"][content["outcome"]]
    note = words("explorer.note", model=record["model"])
    return TableBlock(words("explorer.table", outcome=outcome, step=f"{STEP:g}"), columns, tuple(rows), note)


def _change(cells: Mapping[str, Any], unit: str, at: int, decimals: int) -> tuple[str, str]:
    """Return a change with its interval as texts."""
    values, matrix = cells[unit], cells[f"{unit}_covariance"]
    if values is None or values[at] is None:
        return ABSENT, ABSENT
    value = STEP * values[at]
    variance = None if matrix is None else matrix[at][at]
    if variance is None or variance <= ROUNDING:
        return number(value, decimals), ABSENT
    half = Z95 * STEP * variance**0.5
    return number(value, decimals), f"[{number(value - half, decimals)}, {number(value + half, decimals)}]"
