"""What the systems of agencies and departments need to work with icity: its API, typed, and webhooks both ways."""

from typing import TypeVar

from icity_client.generated.api.sign_in import sign_in as _sign_in
from icity_client.generated.client import AuthenticatedClient, Client
from icity_client.generated.models.credentials import Credentials
from icity_client.generated.models.problem import Problem
from icity_client.generated.models.token import Token
from icity_client.generated.types import Response
from icity_client.refusals import Refused, Unreached, is_passing

T = TypeVar("T")

__all__ = ["AuthenticatedClient", "Refused", "Unreached", "sign_in", "told"]


def sign_in(address: str, login: str, password: str) -> AuthenticatedClient:
    """Return a client that has signed in at `address`, to be used as a context; raise Refused or Unreached.

    Its token ends when idle too long: sign in for each piece of work rather than once for good.
    """
    credentials = Credentials(login=login, password=password)
    token = told(_sign_in.sync_detailed(client=Client(base_url=address), body=credentials))
    if not isinstance(token, Token) or not isinstance(token.token, str):
        raise Unreached(address)
    return AuthenticatedClient(base_url=address, token=token.token)


def told(response: Response[T | Problem]) -> T:
    """Return what an answer of the API holds; raise Refused for a problem, Unreached where a later try may help."""
    if is_passing(response.status_code):
        raise Unreached(response.status_code)
    if isinstance(response.parsed, Problem):
        raise Refused(response.status_code, response.content.decode(errors="replace"))
    if response.parsed is None:
        raise Unreached(response.status_code)
    return response.parsed
