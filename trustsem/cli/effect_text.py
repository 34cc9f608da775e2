"""Effects as text: one table per pair of variables, intervals side by side, contrasts, shares, sensitivity, loops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trustsem.tables.text import format_number, format_pvalue, heading, render_table, wrap_text

if TYPE_CHECKING:
    import pandas as pd

    from trustsem.fitting.sensitivity import Sensitivity

Record = Mapping[Any, Any]
Cells = Callable[[Record], tuple[list[str], str]]  # lines above a row, and its name


def render_effects(frame: pd.DataFrame, kinds: Sequence[str], width: int) -> str:
    """Return one table per pair (x, y); with several kinds of intervals a second one, with a line for each kind."""
    if frame.empty:
        return "No variable works through another in this model: there is nothing to decompose."
    parts = []
    for pair in dict.fromkeys(zip(frame["x"], frame["y"], strict=True)):
        rows = [row for row in frame.to_dict("records") if (row["x"], row["y"]) == pair]
        parts.append(
            f"{heading(f'{pair[0]} on {pair[1]}')}\n{_table(rows, _effect_cells, 'est', 'std_all', kinds, width)}"
        )
    return "\n\n".join(parts)


def render_contrasts(frame: pd.DataFrame, kinds: Sequence[str], width: int) -> str:
    """Return the differences between indirect effects."""
    return _table(frame.to_dict("records"), _contrast_cells, "difference", "std_difference", kinds, width)


def render_proportions(frame: pd.DataFrame, kinds: Sequence[str], width: int) -> str:
    """Return the shares of total effects that are mediated, and why some are not defined."""
    records = frame.to_dict("records")
    text = _table([row for row in records if not row["reason"]], _share_cells, "est", None, kinds, width)
    undefined = [
        line
        for row in records
        if row["reason"]
        for line in wrap_text(f"{_group(row)}{row['x']} on {row['y']}: not defined, {row['reason']}.", width, hanging=2)
    ]
    return "\n".join([*([text] if text else []), *undefined])


def _effect_cells(row: Record) -> tuple[list[str], str]:
    """Return lines above a row, and its name."""
    group = _group(row)
    if row["effect"] == "specific indirect":
        return [f"{group}through {' -> '.join(row['path'].split(' -> ')[1:-1])}:"], "  specific indirect"
    return [], f"{group}{row['effect']}"


def _contrast_cells(row: Record) -> tuple[list[str], str]:
    return [f"{_group(row)}{row['path']}", f"less {row['other_path']}:"], "  difference"


def _share_cells(row: Record) -> tuple[list[str], str]:
    through = f" through {row['through']}" if row["through"] else ""
    return [f"{_group(row)}{row['x']} on {row['y']}{through}:"], "  indirect / total"


def _group(row: Record) -> str:
    return f"{row['group_label']}: " if row["group_label"] else ""


def _table(rows: Sequence[Record], cells: Cells, value: str, std: str | None, kinds: Sequence[str], width: int) -> str:
    """Return quantities with their intervals: beside them where there is one kind, in a table of their own else."""
    if not rows:
        return ""
    single = len(kinds) == 1
    has_p = any(row["pvalue"] == row["pvalue"] for row in rows)
    columns = ["", "est", "se", *(["p"] if has_p else []), *(["lower", "upper"] if single else [])]
    columns += ["std_all"] if std else []
    lines: list[list[object]] = []
    for row in rows:
        above, name = cells(row)
        numbers = [row[value], row["se"], *([format_pvalue(row["pvalue"])] if has_p else [])]
        numbers += [row["ci_lower"], row["ci_upper"]] if single else []
        lines.extend([line] for line in above)
        lines.append([name, *numbers, *([row[std]] if std else [])])
    text = render_table(["effect", *columns[1:]], lines, width=width)
    return text if single else f"{text}\n\n{_limits(rows, cells, kinds, width, has_std=std is not None)}"


def _limits(rows: Sequence[Record], cells: Cells, kinds: Sequence[str], width: int, *, has_std: bool) -> str:
    lines: list[list[object]] = []
    for row in rows:
        above, name = cells(row)
        lines.extend([line] for line in above or [name])
        for kind in kinds:
            limits = [row[f"{prefix}ci_{side}_{kind}"] for prefix in _PREFIXES[has_std] for side in ("lower", "upper")]
            lines.append([f"  {kind.replace('_', ' ')}", *limits])
    columns = ["interval", "lower", "upper", *(["std lower", "std upper"] if has_std else [])]
    return render_table(columns, lines, width=width)


_PREFIXES: Mapping[bool, tuple[str, ...]] = {True: ("", "std_"), False: ("",)}


def render_sensitivity(result: Sensitivity, width: int) -> str:
    """Return what it takes to bring an indirect effect to 0, and the curve."""
    if result.rho_at_zero is None:
        said = "The curve does not cross 0 on this grid."
    else:
        share = f"{100 * (result.residual_share or 0.0):.1f}"
        total = f"{100 * (result.total_share or 0.0):.1f}"
        said = (
            f"The indirect effect is 0 where the residuals of {result.m} and {result.y} correlate by rho = "
            f"{format_number(result.rho_at_zero)}: a confounder would have to explain shares of both residual "
            f"variances whose product is {share} % ({total} % of the total variances)."
        )
    lines = [
        [format_number(row["rho"], 2), row["est"], row["se"], row["ci_lower"], row["ci_upper"], row["std_all"]]
        for row in result.frame.to_dict("records")
    ]
    table = render_table(["rho", "est", "se", "lower", "upper", "std_all"], lines, width=width)
    return "\n".join([*wrap_text(said, width), "", table])


def render_loops(frame: pd.DataFrame, width: int) -> str:
    """Return gain, interval and stability of every loop; nothing where there is none."""
    rows: list[list[object]] = []
    for row in frame.to_dict("records"):
        rows.append([row["loop"]])
        rows.append(["", row["gain"], row["se"], row["ci_lower"], row["ci_upper"], row["stability_index"],
                     "settles" if row["stable"] else "DOES NOT SETTLE"])  # fmt: skip
    columns = ["", "gain", "se", "lower", "upper", "stability", ""]
    return render_table(columns, rows, width=width) if rows else ""
