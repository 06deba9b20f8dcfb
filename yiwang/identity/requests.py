"""Who sends an HTTP request: an API token (``Authorization: Bearer``), a session cookie, or nobody.

Promises: a request that a browser sends with the cookie and that could change something must come from our own pages.
"""

from __future__ import annotations

from starlette.requests import Request

from yiwang.identity.errors import CrossSite, TokenInvalid
from yiwang.identity.service import IdentityService
from yiwang.kernel.access import Actor

session_cookie = "yiwang_session"

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({"same-origin", "none"})
_longest_secret = 200


async def actor_of_request(service: IdentityService, request: Request) -> Actor:
    """The actor of a request; anonymous without credentials or with a session that has ended.

    Raises:
        TokenInvalid: a bearer token that does not hold. CrossSite: a changing request by cookie from another site.
    """
    address = address_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        if not 0 < len(token.strip()) <= _longest_secret:
            raise TokenInvalid()
        return await service.actor_of(token.strip(), None, address)
    session = request.cookies.get(session_cookie)
    if not session or len(session) > _longest_secret:
        return Actor(kind="anonymous", address=address)
    if request.method not in _SAFE_METHODS:
        refuse_other_sites(request)
    return await service.actor_of(None, session, address)


def refuse_other_sites(request: Request) -> None:
    """Refuse what a browser sends on behalf of another site's page; programs send neither header and pass.

    Raises:
        CrossSite: by ``Sec-Fetch-Site``, or in older browsers by an ``Origin`` that is not this host.
    """
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        foreign = site not in _OWN_SITE
    else:
        foreign = origin is not None and origin.partition("://")[2] != request.headers.get("host", "")
    if foreign:
        raise CrossSite(origin=(origin or site or "")[:200])


def address_of(request: Request) -> str:
    """The client's network address as the server sees it; proxies are the server's affair."""
    return request.client.host if request.client is not None else ""
