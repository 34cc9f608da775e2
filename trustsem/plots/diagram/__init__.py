"""Path diagrams: what a fit draws, where it stands on the page, and the picture."""
