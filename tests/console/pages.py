"""The pages of the console, and a browser's windows for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page

PAGES = {
    "home": "/",
    "runs": "/runs",
    "run": "/runs/{failed}",
    "approvals": "/approvals",
    "schedules": "/schedules",
    "compare": "/compare?b={failed}",
    "workflows": "/workflows",
    "workflow": "/workflows/{workflow}",
    "analytics": "/analytics",
    "consolidations": "/consolidations",
    "system": "/system",
    "keys": "/system?tab=keys",
    "audit": "/system?tab=audit",
}
"""By address, with the ids of a failed run and of its workflow left open."""


@contextmanager
def page_of(browser: Browser, base: str) -> Iterator[Page]:
    """A window of its own."""
    with windows_of(browser, base, 1) as [page]:
        yield page


@contextmanager
def windows_of(browser: Browser, base: str, number: int) -> Iterator[list[Page]]:
    """Of one person's browser, as `windows_in` has them."""
    with context_of(browser) as context, windows_in(context, base, number) as windows:
        yield windows


@contextmanager
def context_of(browser: Browser) -> Iterator[BrowserContext]:
    """A person's browser: what it has loaded, and compiled, it need not load again."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    try:
        yield context
    finally:
        context.close()


@contextmanager
def windows_in(context: BrowserContext, base: str, number: int) -> Iterator[list[Page]]:
    """Pages that may speak to their origin only, and say nothing to their console but failed answers."""
    said: list[str] = []
    left: list[str] = []
    windows = [_window(context.new_page(), base, said, left) for _ in range(number)]
    try:
        yield windows
    finally:
        for window in windows:
            window.close()
        context.clear_permissions()
    assert left == []
    assert said == []


def _window(page: Page, base: str, said: list[str], left: list[str]) -> Page:
    page.set_default_timeout(8000)
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
    return page
