"""The page, served by NiceGUI: it carries messages between a tab's session and its script."""

import contextlib
import json
import socket
import threading
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from searchspace.errors import SearchspaceError
from viz.drawing.style import THEMES
from viz.live import views
from viz.live.guard import App, Door, Guard
from viz.live.model.state import State
from viz.live.session import Session, World
from viz.pages.page import darker, pack
from viz.plots.render import library
from viz.plots.theme import config
from viz.templates import STATIC

SCRIPTS = ("base.js", "chart.js", "playground.js")
STYLES = ("style.css", "playground.css")
PORT = 8017
HISTORY = 20            # messages that are sent again to a page whose connection broke
PATIENCE_S = 20.0       # how long a tab's state is kept while it does not answer


@dataclass(frozen=True, slots=True)
class Address:
    """Where the page is served, and what is let in."""

    host: str
    port: int
    token: str

    @property
    def url(self) -> str:
        """What a browser opens."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/?token={self.token}"

    @property
    def door(self) -> Door:
        """Who may enter."""
        return Door.at(self.host, self.port, self.token)


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that is bound to an address; the usual port where none is given, another one if that
    is taken.

    Raises:
        SearchspaceError: the address cannot be used.
    """
    for wanted in (port,) if port is not None else (PORT, 0):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, wanted))
        except OSError as error:
            made.close()
            reason = error.strerror or str(error)
        else:
            made.listen(128)
            return made
    raise SearchspaceError(f"{host}:{port or PORT} cannot be listened on: {reason}")


def serve(world: World, state: State, address: Address, bound: socket.socket,
          tell: Callable[[str], None], browser: bool) -> None:
    """Serve the page until Ctrl-C; ``tell`` gets its URL once it answers."""
    import uvicorn

    app = Guard(_application(world, state), address.door)
    settings = uvicorn.Config(app, log_level="error", access_log=False, lifespan="on",
                              timeout_graceful_shutdown=1, ws_max_size=8_000_000)
    server = uvicorn.Server(settings)

    def begun() -> None:
        while not server.started:
            if server.should_exit or not alive.is_set():
                return
            threading.Event().wait(0.02)
        tell(address.url)
        if browser:
            webbrowser.open(address.url)

    alive = threading.Event()
    alive.set()
    world.spares.prepare()
    threading.Thread(target=begun, daemon=True).start()
    try:
        with contextlib.suppress(KeyboardInterrupt):    # Ctrl-C is how it ends
            server.run([bound])
    finally:
        alive.clear()
        world.spares.end()


def _application(world: World, state: State) -> App:
    from fastapi import FastAPI, Response
    from nicegui import app as inner
    from nicegui import ui

    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    for name, kind, content in (
            ("playground.js", "text/javascript", _script), ("vega.js", "text/javascript", library),
            ("playground.css", "text/css", _style)):
        def answer(kind: str = kind, content: Callable[[], str] = content) -> Response:
            return Response(content(), media_type=kind)
        outer.add_api_route(f"/play/{name}", answer, methods=["GET"])

    ui.page("/", title="playground", dark=None, language="en-US")(lambda: _page(world, state))
    inner.on_exception(lambda error: None)
    ui.run_with(outer, title="playground", dark=None, show_welcome_message=False, tailwind=False,
                reconnect_timeout=PATIENCE_S, message_history_length=HISTORY, favicon="data:,")
    return outer


def _page(world: World, state: State) -> None:
    """One tab."""
    from nicegui import ui

    client = ui.context.client
    folder, tools = world.folder, world.spares.tools
    ui.add_head_html('<link rel="stylesheet" href="/play/playground.css">')
    ui.add_body_html(
        f'<script type="text/plain" id="themes">{_themes()}</script>'
        '<script type="module" src="/play/vega.js"></script>'
        '<script type="module" src="/play/playground.js"></script>')
    ui.html(views.body(folder.names(), world.latency is not None, tools.command is not None,
                       tools.study is not None, str(folder.home)), sanitize=False)
    ui.codemirror(language="YAML", line_wrapping=False, indent="  ").classes("editor")

    def screen(message: Mapping[str, Any]) -> None:
        if client.id in client.instances:
            client.run_javascript(f"window.playground?.receive({json.dumps(message)})")

    session = Session(screen, world, state)
    client.on_delete(session.close)

    def heard(event: Any) -> None:
        given = event.args
        if isinstance(given, dict) and isinstance(given.get("do"), str):
            session.act(given["do"], given)

    ui.on("play", heard)


@cache
def _themes() -> str:
    """The colours of plots and drawings, as the scripts of all pages unpack them."""
    return pack({"plots": {theme: config(theme) for theme in THEMES}, "darker": darker()})


def _script() -> str:
    return "\n".join((STATIC / name).read_text(encoding="utf-8") for name in SCRIPTS)


def _style() -> str:
    return "\n".join((STATIC / name).read_text(encoding="utf-8") for name in STYLES)
