"""KPIs: what the business counts, as metrics with targets and forecasts."""
