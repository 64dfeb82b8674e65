"""The pages of the console, and a browser's window for one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

PAGES = {
    "home": "/",
    "runs": "/runs",
    "run": "/runs/{failed}",
    "compare": "/compare?b={failed}",
    "workflows": "/workflows",
    "workflow": "/workflows/{workflow}",
    "analytics": "/analytics",
    "consolidations": "/consolidations",
    "system": "/system",
}
"""By address, with the ids of a failed run and of its workflow left open."""


@contextmanager
def page_of(browser: Browser, base: str) -> Iterator[Page]:
    """A page that may speak to its origin only, and that says nothing to its console but failed answers."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(8000)
    said: list[str] = []
    left: list[str] = []
    origin = "/".join(base.split("/")[:3])
    page.on(
        "request",
        lambda request: None if request.url.startswith((origin, "data:")) else left.append(request.url),
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "console",
        lambda message: (
            said.append(message.text)
            if message.type == "error"
            and "Failed to load resource" not in message.text
            and "ERR_" not in message.text
            else None
        ),
    )
    try:
        yield page
    finally:
        context.close()
    assert left == []
    assert said == []
