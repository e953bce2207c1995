"""MLflow's REST API, so that its clients work with nothing changed but the tracking address.

Source: https://mlflow.org/docs/latest/api_reference/rest-api.html, and the requests of the real
client. Each module holds the calls of one resource; ``calls`` turns them into routes.
"""

from vedette.receivers.mlflow.routes import routes

__all__ = ["routes"]
