"""Pictures of the console's pages over its fixtures, light and dark, into docs/console/: of all, or of those that are named."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import build_console
from playwright.sync_api import Browser, expect, sync_playwright

ROOT = Path(__file__).parent.parent
INTO = ROOT / "docs" / "console"
PAGES = {
    "home": "/",
    "runs": "/runs?q=workflow:claim-intake",
    "run": "/runs/{failed}?step=6",
    "run-graph": "/runs/{failed}?view=graph&step=6&tab=attempts",
    "run-screenshots": "/runs/{failed}?view=film&step=6",
    "approvals": "/approvals",
    "schedules": "/schedules",
    "compare": "/compare?a={completed}&b={failed}&step=file_claim",
    "workflows": "/workflows",
    "workflow": "/workflows/{workflow}",
    "analytics": "/analytics",
    "consolidations": "/consolidations",
    "system": "/system?tab=doctor",
    "configs": "/workflows/{workflow}?tab=configs",
    "draft": "/workflows/{workflow}?tab=draft",
    "versions": "/workflows/{workflow}?tab=versions&version=11",
    "keys": "/system?tab=keys",
    "audit": "/system?tab=audit",
    "migrations": "/system?tab=migrations",
    "breakpoints": "/system?tab=breakpoints",
    "queues": "/system?tab=queue",
}


def picture(browser: Browser, base: str, scheme: str, ids: dict[str, str]) -> None:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    for name in sys.argv[1:] or PAGES:
        page.goto(base + PAGES[name].format(**ids), wait_until="domcontentloaded")
        page.locator("h1").wait_for()
        page.wait_for_load_state("load")
        expect(page.locator("[data-state=loading]")).to_have_count(0)
        page.wait_for_timeout(300)  # thumbnails
        page.screenshot(path=INTO / f"{name}-{scheme}.png")
    context.close()


def main() -> None:
    build_console.build()
    INTO.mkdir(parents=True, exist_ok=True)
    server = subprocess.Popen(
        [str(build_console.node()), str(ROOT / "console/dev/server.mjs")],
        stdout=subprocess.PIPE, text=True, env={"PORT": "0", "TZ": "UTC"},
    )  # fmt: skip
    assert server.stdout is not None
    base = server.stdout.readline().strip().rstrip("/")
    try:
        request = urllib.request.Request(f"{base}/dev/mode", b'{"mode": "ok"}', method="POST")
        ids = json.load(urllib.request.urlopen(request))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            for scheme in ("light", "dark"):
                picture(browser, base, scheme, ids)
            browser.close()
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
