"""What robust standard errors and tests are made of: bread, meat and traces, by kind of data."""

from trustsem.inference.robust.pieces import H1Information, RobustPieces, Traces
from trustsem.inference.robust.select import robust_pieces

__all__ = ["H1Information", "RobustPieces", "Traces", "robust_pieces"]
