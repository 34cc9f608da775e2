"""Results as tables: data frames with fixed columns, and plain text for terminals."""

from trustsem.tables.effects import effects_frame, loops_frame
from trustsem.tables.estimates import estimates_frame, standardized_frame, vcov_frame
from trustsem.tables.text import render_table

__all__ = [
    "effects_frame",
    "estimates_frame",
    "loops_frame",
    "render_table",
    "standardized_frame",
    "vcov_frame",
]
