"""What it all is for: KPIs, returns of models, correlations, reports."""
