"""Serves ASGI applications on loopback to those who know the password in SLIPWAY_PASSWORD, as Basic or Bearer."""

import asyncio
import base64
import binascii
import hmac
import os


class RequireCredential:
    def __init__(self, app, password, open_paths):
        self.app = app
        self.password = password.encode()
        self.open_paths = open_paths

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan" or scope["path"] in self.open_paths or self.is_known(scope["headers"]):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            body = b'{"error_code": "UNAUTHENTICATED", "message": "Wrong or missing credential: see `slipway env`."}'
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                (b"www-authenticate", b'Basic realm="Slipway"'),
            ]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    def is_known(self, headers):
        for name, value in headers:
            if name == b"authorization":
                return hmac.compare_digest(given(value), self.password)
        return False


def given(header):
    scheme, _, value = header.strip().partition(b" ")
    if scheme.lower() == b"bearer":
        return value.strip()
    if scheme.lower() != b"basic":
        return b""
    try:
        return base64.b64decode(value, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def serve(apps, open_paths):
    """Serves each application on its port, all in this process, until SIGTERM."""
    import uvicorn

    password = os.environ.pop("SLIPWAY_PASSWORD")
    servers = [
        uvicorn.Server(
            uvicorn.Config(
                RequireCredential(app, password, open_paths),
                host="127.0.0.1",
                port=port,
                log_level="warning",
                timeout_graceful_shutdown=5,
            )
        )
        for port, app in apps.items()
    ]

    async def run():
        await asyncio.gather(*(server.serve() for server in servers))

    asyncio.run(run())
