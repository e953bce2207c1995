"""Metrics: what there is, series over a range, exemplars, and metric math over them."""
