"""An ASGI application that reads the request and answers a fixed receipt: nothing can be faster on the same server."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

_BODY = b'{"id": "00000000-0000-7000-8000-000000000000", "number": "CG20260618000001", "code": "ABCDEF", "status": ""}'


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers 201 to everything."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": _BODY})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
