"""Studies and sweeps as anyone reads them: frames, ranking, report, the best network."""
