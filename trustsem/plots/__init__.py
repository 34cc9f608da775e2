"""Figures: plain records first, then a picture (SVG, plotly) and the same in words; `registry.PLOTS` lists them."""
