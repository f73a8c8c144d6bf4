"""The parts of bench/compare: servers, cases, tables, plots.  Standard library only."""
