"""Items: how they were worded, how they were answered, what each is worth."""

from __future__ import annotations

from trustsem.fitting.item_analysis import ItemAnalysis
from trustsem.plots.responses import plot_responses
from trustsem.report.cells import count, number
from trustsem.report.document import Block, Section
from trustsem.report.sections.shared import Row, columns, figure, headed, in_group, named, said, table
from trustsem.report.wording import Wording
from trustsem.study import StudyResult
from trustsem.survey import ItemDescription

_NUMBERS = ("mean", "sd", "skewness", "floor", "ceiling", "item_rest", "alpha_without")


def items(result: StudyResult, words: Wording) -> Section | None:
    """Return the section; None for a model without items."""
    part = result.parts.get("items")
    if part is None:
        return None
    least = result.spec.smallest_group
    blocks = [*_worded(part, result, words), *_figure(part, result, words), *_statistics(part, least, words)]
    return Section("items", words("items.title"), (*blocks, *said(part)))


def _worded(part: ItemAnalysis, result: StudyResult, words: Wording) -> list[Block]:
    codebook = result.survey.codebook
    wording = {} if codebook is None else {item.name: item.wording for item in codebook.items}
    described: dict[str, tuple[str, list[ItemDescription]]] = {}
    for scale in part.analysed:
        for item in scale.items:
            described.setdefault(item.name, (scale.name, []))[1].append(item)
    rows = []
    for name, (scale, of_groups) in described.items():
        asked = wording[name].text(words.language) if name in wording else ""
        turned = f" ({words('items.reversed')})" if of_groups[0].reverse else ""
        rows.append((named(scale, words), (f"{name}{turned}", asked, _shares(of_groups))))
    heads = columns(words, ("items.item", "items.wording", "items.answers"), ())
    return table(words("items.worded"), heads, headed(rows, 3), words("items.answers_note"))


def _shares(of_groups: list[ItemDescription]) -> str:
    """Return the shares of all answers, over groups, from the lowest score to the highest."""
    counts: dict[float, int] = {}
    for item in of_groups:
        for share in item.distribution:
            counts[share.point] = counts.get(share.point, 0) + share.count
    total = sum(counts.values())
    return " · ".join(f"{100 * counts[point] / total:.0f}" for point in sorted(counts)) if total else ""


def _figure(part: ItemAnalysis, result: StudyResult, words: Wording) -> list[Block]:
    names = tuple(dict.fromkeys(item.name for scale in part.analysed for item in scale.items))

    return figure(
        "responses",
        words("items.figure"),
        lambda: plot_responses(result.survey, items=names, language=words.language),
        words,
    )


def _statistics(part: ItemAnalysis, least: int, words: Wording) -> list[Block]:
    heads = columns(words, ("items.item",), ("items.n", "items.missing", *(f"items.{name}" for name in _NUMBERS)))
    rows = []
    for row in part.items.to_dict("records"):
        if row["group"] and row["n"] < least:  # the group is not shown; the section on respondents says so
            continue
        rows.append((in_group(named(row["scale"], words), row["group"]), _line(row)))
    return table(words("items.statistics"), heads, headed(rows, len(heads)), words("items.note"))


def _line(row: Row) -> tuple[str, ...]:
    return (row["item"], count(row["n"]), count(row["n_missing"]), *(number(row[name]) for name in _NUMBERS))
