"""Who may ask: this machine's browser, with the token, and no other site.

An ASGI application around another one. A request passes if its Host is the server's own (a name
that another site points here is not), if its Origin, where it has one, is the page's own, and if it
has the token: in the query at first, and from then on in a cookie that no other site's request
carries.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
REFUSED = (b"This page answers only to the address that it printed when it was started, with its "
           b"token.\n")
# The framework compiles its templates in the page, so it needs 'unsafe-eval'.
POLICY = ("default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
          "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
          "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
          "frame-ancestors 'none'")


def new_token() -> str:
    """A token that no one guesses."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class Door:
    """What is let in: ``hosts`` (with the port) and the token."""

    hosts: frozenset[str]
    token: str

    @classmethod
    def at(cls, host: str, port: int, token: str) -> "Door":
        """The door of a server that is bound to an address."""
        names = LOOPBACK if host in ("127.0.0.1", "localhost", "::1") else (*LOOPBACK, host)
        return cls(frozenset(f"{name}:{port}" for name in names), token)

    @property
    def cookie(self) -> str:
        """The cookie's name: cookies of one host are shared by all its ports."""
        port = next(iter(self.hosts)).rpartition(":")[2]
        return f"playground-{port}"

    def admits(self, headers: Mapping[str, str], query: str) -> bool:
        """Whether a request with these headers (names in lower case) may pass."""
        host = headers.get("host", "").lower()
        origin = headers.get("origin")
        if host not in self.hosts:
            return False
        if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
            return False
        return self.has_token(parse_qs(query).get("token", [""])[0]) or \
            self.has_token(self._kept(headers.get("cookie", "")))

    def has_token(self, given: str) -> bool:
        """Whether this is the token, in a time that tells nothing."""
        return hmac.compare_digest(given.encode(), self.token.encode())

    def _kept(self, cookies: str) -> str:
        try:
            found = SimpleCookie(cookies).get(self.cookie)
        except CookieError:
            return ""
        return found.value if found else ""


class Guard:
    """The application behind a door."""

    def __init__(self, app: App, door: Door) -> None:
        self.app, self.door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1")
                   for name, value in scope["headers"]}
        query = scope.get("query_string", b"").decode("latin-1")
        if not self.door.admits(headers, query):
            await _refuse(scope, receive, send)
        elif scope["type"] == "websocket":
            await self.app(scope, receive, send)
        else:
            fresh = self.door.has_token(parse_qs(query).get("token", [""])[0])
            await self.app(scope, receive, self._marked(send, fresh))

    def _marked(self, send: Send, fresh: bool) -> Send:
        """``send`` with the headers of every answer; with the cookie where the token was given."""
        cookie = f"{self.door.cookie}={self.door.token}; Path=/; HttpOnly; SameSite=Strict"

        async def marked(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"content-security-policy", POLICY.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"no-referrer"),
                    *([(b"set-cookie", cookie.encode())] if fresh else [])]
            await send(message)
        return marked


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": 403,
                "headers": [(b"content-type", b"text/plain; charset=utf-8"),
                            (b"x-content-type-options", b"nosniff")]})
    await send({"type": "http.response.body", "body": REFUSED})
