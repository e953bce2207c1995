"""MOVED: the shared pieces are in vedette.web (services.py, body.py, auth.py, errors.py)."""
