"""Figures from plain records: the records first, with every number that is drawn; plotly only when one is drawn."""
