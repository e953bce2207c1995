"""Reports for those who decide: how KPIs, objectives and returns stand, on a schedule."""
