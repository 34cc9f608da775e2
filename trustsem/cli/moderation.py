"""Effects at values of a moderator on the command line: `trustsem effects --moderator`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trustsem.cli.console import print_json, print_text, terminal_width
from trustsem.cli.intervals import BOOTSTRAP, describe_draws, make_intervals
from trustsem.errors import UsageError
from trustsem.tables.text import format_pvalue, heading, render_table, wrap_text

if TYPE_CHECKING:
    import pandas as pd

    from trustsem.fitting import Fit
    from trustsem.fitting.drawn import DrawnFit
    from trustsem.fitting.interval_request import IntervalRequest
    from trustsem.fitting.intervals import IntervalMaker
    from trustsem.fitting.moderation import ModerationReport

_RULES = ("sd", "quantiles")

Question = tuple[str, str, str, Any, Any]  # x, y, moderator, at, through


def require_one_effect(
    x: Sequence[str] | None,
    y: Sequence[str] | None,
    moderator: str | None,
    at: Sequence[str] | None,
    others: Mapping[str, bool],
) -> None:
    """Refuse, before the fit, values without a moderator, a moderator without one effect, and parts it has not.

    Args:
        x: Where effects start.
        y: Where they end.
        moderator: Of these effects.
        at: Its values.
        others: Options of other parts, and whether they were given.

    Raises:
        UsageError: naming every fault.
    """
    faults = []
    if moderator is None and at:
        faults.append("--at gives values of a moderator: name it with --moderator.")
    if moderator is not None:
        faults += [
            f"--moderator needs one --{name}; got {len(given or ())}."
            for name, given in (("x", x), ("y", y))
            if len(given or ()) != 1
        ]
        faults += [f"{name} goes without --moderator: a run of its own." for name, given in others.items() if given]
    if at and len(at) > 1 and any(value.strip().lower() in _RULES for value in at):
        faults.append("--at sd and --at quantiles stand alone.")
    if faults:
        raise UsageError("The effects at values of a moderator are not clear.", faults=faults, code="moderator")


def level_values(at: Sequence[str] | None) -> Any:
    """Return the values of `--at` as `Fit.conditional_effects` takes them."""
    if not at:
        return None
    return at[0].strip().lower() if at[0].strip().lower() in _RULES else list(at)


def require_one_kind(kinds: Sequence[str]) -> None:
    """Refuse intervals that effects at values of a moderator do not have.

    Raises:
        UsageError: several kinds, or one that they do not have.
    """
    if len(kinds) != 1 or kinds[0] not in ("delta", "monte_carlo", *BOOTSTRAP):
        raise UsageError(
            f"--moderator takes one kind of interval, not --ci {', '.join(kinds)}.",
            remedy=f"Use one of: delta, monte_carlo, {', '.join(BOOTSTRAP)}.",
            code="ci",
        )


def answer_moderation(result: Fit, question: Question, request: IntervalRequest, *, as_json: bool) -> IntervalMaker:
    """Print effects at values of the moderator, the index of moderated mediation and the regions of significance."""
    from trustsem.fitting.moderation import moderation_report
    from trustsem.fitting.summary import render_findings, render_header, section

    x, y, moderator, at, through = question
    report = moderation_report(result, x, y, moderator, at, through)  # what it refuses should not wait for draws
    maker = make_intervals(result, request)
    ci, drawn = request.kinds[0].value, next(iter(maker.drawn.values()), None)
    frame = report.effects.frame
    if drawn is not None:
        kind = ci if ci in BOOTSTRAP else "percentile"
        own = drawn.conditional_effects(x, y, moderator, at, through, kind)
        columns = {name: own[name] for name in ("se", "ci_lower", "ci_upper", "n_draws")}
        frame = frame.assign(**columns, z=float("nan"), pvalue=float("nan"))  # intervals of draws have no p-value
    findings = (*result.findings, *report.effects.findings, *(() if drawn is None else drawn.findings))
    if as_json:
        print_json("effects", _content(result, question, report, frame, drawn, ci, findings))
        return maker
    width = terminal_width()
    print_text(
        render_header(result, width),
        _render_effects(frame, question, width),
        describe_draws(maker),
        section("Index of moderated mediation", _render_index(report, moderator, width)),
        section("Regions of significance", _render_regions(report, width)),
        section("What to know", render_findings(findings, width)),
    )
    return maker


def _content(
    result: Fit,
    question: Question,
    report: ModerationReport,
    frame: pd.DataFrame,
    drawn: DrawnFit | None,
    ci: str,
    findings: Sequence[Any],
) -> dict[str, Any]:
    from trustsem.fitting.serialise import records

    x, y, moderator, _, through = question
    parts = report.to_dict()
    return {
        "model": result.model.name,
        "data": result.data.source,
        "n_obs": result.n_obs,
        "admissible": result.admissible,
        "ci": ci,
        "seed": None if drawn is None else drawn.seed,
        "n_draws_used": None if drawn is None else drawn.n_used,
        "x": x,
        "y": y,
        "moderator": moderator,
        "through": through,
        "effects": records(frame),
        "moderated_mediation": parts["moderated_mediation"],
        "johnson_neyman": parts["johnson_neyman"],
        "products": records(result.products()),
        "loops": records(result.loops()),
        "findings": [finding.to_dict() for finding in findings],
    }


def _render_effects(frame: pd.DataFrame, question: Question, width: int) -> str:
    x, y, moderator, _, _ = question
    parts = []
    has_p = bool(frame["pvalue"].notna().to_numpy().any())
    columns = [moderator, "est", "se", *(["p"] if has_p else []), "lower", "upper"]
    for key in dict.fromkeys(zip(frame["group_label"], frame["effect"], frame["path"], strict=True)):
        label, effect, path = key
        rows = [row for row in frame.to_dict("records") if (row["group_label"], row["effect"], row["path"]) == key]
        lines = [
            [
                _level(row),
                row["est"],
                row["se"],
                *([format_pvalue(row["pvalue"])] if has_p else []),
                row["ci_lower"],
                row["ci_upper"],
            ]
            for row in rows
        ]
        where = f", group {label}" if label else ""
        title = f"{path or f'{x} on {y}'}: {effect} effect at values of {moderator}{where}"
        parts.append("\n".join([*wrap_text(title, width), render_table(columns, lines, width=width)]))
    return f"{heading(f'{x} on {y}')}\n" + "\n\n".join(parts)


def _level(row: dict[Any, Any]) -> str:
    value = f"{row['at']:.3f}"
    return value if row["level"].replace(".", "").lstrip("-").isdigit() else f"{row['level']} ({value})"


def _render_index(report: ModerationReport, moderator: str, width: int) -> str:
    if report.index is None:
        return ""
    rows: list[list[object]] = []
    for row in report.index.frame.to_dict("records"):
        where = f" (group {row['group_label']})" if row["group_label"] else ""
        rows.append([f"{row['path'] or row['effect']}{where}"])
        rows.append(["", row["est"], row["se"], format_pvalue(row["pvalue"]), row["ci_lower"], row["ci_upper"]])
    table = render_table(["", "est", "se", "p", "lower", "upper"], rows, width=width)
    sentence = f"Change of the indirect effect per unit of {moderator} (Hayes 2015)."
    return "\n".join([*wrap_text(sentence, width), "", table])


def _render_regions(report: ModerationReport, width: int) -> str:
    sentences = [sentence for region in report.regions for sentence in region.sentences()]
    source = ["Where effects differ from zero (Johnson & Neyman 1936).", ""] if sentences else []
    return "\n".join(line for sentence in (*source, *sentences) for line in wrap_text(sentence, width) or [""])
