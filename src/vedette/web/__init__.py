"""What every HTTP surface shares: the services behind it, bodies, credentials and errors."""

from vedette.web.auth import authenticate
from vedette.web.body import read_body
from vedette.web.services import Services, services_of

__all__ = ["Services", "authenticate", "read_body", "services_of"]
