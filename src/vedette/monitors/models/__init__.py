"""Monitors of models in production: drift, quality, estimated quality, bias, attributions."""
