"""Who answered: from the file to the rows that are analysed, and the groups."""

from __future__ import annotations

from trustsem.report.cells import count, number
from trustsem.report.document import Align, Block, Column, Paragraph, Section, TableBlock
from trustsem.report.sections.shared import columns, table
from trustsem.report.wording import Wording
from trustsem.study import StudyResult
from trustsem.survey.scored import LogAction

_NAMED = 6  # variables that are listed; more are counted


def respondents(result: StudyResult, words: Wording) -> Section:
    """Return the section."""
    source = result.manifest.data
    blocks: list[Block] = []
    if source:
        blocks.append(
            Paragraph(
                words(
                    "respondents.source",
                    file=source["file"],
                    digest=source["sha256"][:16],
                    rows=count(source["rows"]),
                    columns=count(source["columns"]),
                )
            )
        )
    blocks.append(_flow(result, words))
    blocks.extend(_done(result, words))
    blocks.extend(_groups(result, words))
    blocks.extend(_covariates(result, words))
    return Section("respondents", words("respondents.title"), tuple(blocks))


def _flow(result: StudyResult, words: Wording) -> TableBlock:
    fit = result.main
    dropped = [entry for entry in result.survey.log if entry.action is LogAction.ROWS_DROPPED]
    before = (fit.data.n_total or fit.n_obs) + sum(entry.count for entry in dropped)
    rows = [(words("respondents.in_file"), count(before))]
    rows += [(words("respondents.left_out", reason=entry.detail), count(entry.count)) for entry in dropped]
    lost = (fit.data.n_total or fit.n_obs) - fit.n_obs
    if lost:
        rows.append((words("respondents.left_out", reason=words("respondents.incomplete")), count(lost)))
    rows.append((words("respondents.used"), count(fit.n_obs)))
    columns = (Column(words("respondents.step"), Align.LEFT), Column(words("respondents.rows")))
    return TableBlock(words("respondents.flow"), columns, tuple(rows))


def _groups(result: StudyResult, words: Wording) -> list[Block]:
    fit = result.main
    if not fit.group_labels:
        return []
    sizes = [(label, sample.n_obs) for label, sample in zip(fit.group_labels, fit.data.moments.groups, strict=True)]
    shown = [(label, count(n)) for label, n in sizes if n >= result.spec.smallest_group]
    columns = (Column(words("labels.group"), Align.LEFT), Column(words("respondents.rows")))
    blocks: list[Block] = [TableBlock(words("respondents.groups"), columns, tuple(shown))]
    hidden = len(sizes) - len(shown)
    if hidden:
        blocks.append(Paragraph(words("respondents.suppressed", n=hidden, least=result.spec.smallest_group)))
    return blocks


def _done(result: StudyResult, words: Wording) -> list[Block]:
    """Return what was done to the answers, by kind and reason."""
    kinds: dict[tuple[LogAction, str], tuple[list[str], int]] = {}
    for entry in result.survey.log:
        by_reason = entry.action in (LogAction.MISSING, LogAction.ROWS_DROPPED)
        variables, cells = kinds.get((entry.action, entry.detail if by_reason else ""), ([], 0))
        name = [entry.variable] if entry.variable else []
        kinds[entry.action, entry.detail if by_reason else ""] = ([*variables, *name], cells + entry.count)
    rows = [
        (
            words(f"respondents.action_{action.value}", detail=detail),
            _variables(variables, words),
            count(cells),
        )
        for (action, detail), (variables, cells) in kinds.items()
    ]
    heads = columns(words, ("respondents.action", "respondents.variables"), ("respondents.cells",))
    return table(words("respondents.done"), heads, rows)


def _variables(names: list[str], words: Wording) -> str:
    unique = list(dict.fromkeys(names))
    return ", ".join(unique) if len(unique) <= _NAMED else words("respondents.counted", n=len(unique))


def _covariates(result: StudyResult, words: Wording) -> list[Block]:
    part = result.parts.get("covariates")
    if part is None:
        return []
    least, label = result.spec.smallest_group, f"label_{words.language}"
    counts = part.frames["categories"].to_dict("records")
    rows: list[tuple[str, ...]] = []
    for row in part.frames["covariates"].to_dict("records"):
        own = [line for line in counts if line["covariate"] == row["covariate"]]
        cells = (
            row[label],
            count(row["n"]),
            count(row["n_missing"]),
            number(row["mean"]),
            number(row["sd"]),
            number(None),
        )
        rows.append(cells)
        if row["kind"] == "nominal" and not own:
            rows.append((f"– {words('respondents.many', n=count(row['n_categories']))}", *([number(None)] * 5)))
        for line in own:
            hidden = line["count"] is None or line["count"] != line["count"]
            shown = words("respondents.few", least=least) if hidden else count(line["count"])
            share = number(None) if hidden else f"{100 * line['share']:.1f}%"
            rows.append((f"– {line[label]}", shown, *([number(None)] * 3), share))
    names = ("n", "missing", "mean", "sd", "share")
    heads = columns(words, ("respondents.covariate",), [f"respondents.{name}" for name in names])
    note = words("respondents.covariates_note", least=least)
    return table(words("respondents.covariates"), heads, rows, note)
