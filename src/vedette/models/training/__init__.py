"""What people ask of training: a table of runs, curves side by side, what a run cost, its files."""
