"""Timings of what people wait for, with lavaan beside them, and the agreement table of docs/validation.md."""
