"""The console's files: hashed ones for ever, the page for every address of its own, wherever the server is mounted."""

from __future__ import annotations

import html
from functools import cache
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.exceptions import HTTPException

DIST = Path(str(files("mainstem"))) / "console_dist"
OURS = ("api/", "assets/", "problems/", "ws/", "docs/")
"""Where no page of the console can be: what is missing there is missing."""
HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
FOR_EVER = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
POLICY = (
    "default-src 'self'; img-src 'self' data:; base-uri 'self'; frame-ancestors 'none'; object-src 'none'"
)

NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>mainstem</title></head>
<body><h1>The console is not built</h1>
<p>This is a checkout: <code>make console</code>, or <code>python tools/build_console.py</code>, builds it.
The API answers all the same, under <a href="{base}/api/v1/runs">{base}/api/v1</a>.</p></body></html>
"""


def install(app: FastAPI, dist: Path = DIST) -> None:
    """Last of all routes: whatever no other route answers, and is no address of the API, is the console's."""

    @app.get("/assets/{name}", include_in_schema=False)
    async def asset(name: str) -> Response:
        return FileResponse(_inside(dist / "assets", name), headers=FOR_EVER)

    @app.get("/{path:path}", include_in_schema=False)
    async def page(request: Request, path: str) -> Response:
        if f"{path}/".startswith(OURS):
            raise HTTPException(404, f"there is nothing at /{path}")
        if path in ("theme.js", "icon.svg") and (dist / path).exists():
            return FileResponse(dist / path, headers=HEADERS)
        return _page(dist, request.scope.get("root_path", ""))


def _page(dist: Path, base: str) -> Response:
    headers = {**HEADERS, "Content-Security-Policy": POLICY}
    place = html.escape(base.rstrip("/"), quote=True)
    index = dist / "index.html"
    if not index.exists():
        return HTMLResponse(NOT_BUILT.format(base=place), 503, headers=headers)
    text = _read(index, index.stat().st_mtime_ns)
    return HTMLResponse(text.replace('<base href="/"', f'<base href="{place}/"'), headers=headers)


@cache
def _read(index: Path, _changed: int) -> str:
    return index.read_text(encoding="utf-8")


def _inside(folder: Path, name: str) -> Path:
    """A name of a file that really lies in the folder; a path out of it is as missing as a wrong name."""
    place = folder / name
    if place.parent != folder or not place.is_file():
        raise HTTPException(404, f"there is no {name}")
    return place
