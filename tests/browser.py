"""A headless browser in which the tests look at pages: Chromium with its driver, where the machine has both."""

from __future__ import annotations

import base64
import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

DESKTOP, PHONE = 1200, 390  # pixels of width
# No network, no profile of a person, nothing in the background.
_ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


class Browser:
    """A browser without a window."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def open(self, page: Path, width: int = DESKTOP) -> None:
        """Open a page of a width; as on a phone where that is narrow."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self._driver.get(page.absolute().as_uri())

    def run(self, script: str) -> Any:
        """Run a script in the page and return what it returns."""
        return self._driver.execute_script(script)

    def wait(self, script: str, seconds: float = 20.0) -> None:
        """Wait until a script returns something true."""
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(self._driver, seconds).until(lambda driver: driver.execute_script(script))

    def drag(self, element: str, start: tuple[int, int], by: tuple[int, int]) -> None:
        """Drag the pointer over an element, which a script returns, from an offset to its centre."""
        from selenium.webdriver import ActionChains

        target = self._driver.execute_script(element)
        ActionChains(self._driver).move_to_element_with_offset(target, *start).click_and_hold().move_by_offset(
            *by
        ).release().perform()

    def complaints(self) -> list[str]:
        """What the console says that is worse than information: errors of scripts, files that were asked for."""
        return [str(line["message"]) for line in self._driver.get_log("browser") if line["level"] != "INFO"]

    def too_wide(self) -> int:
        """By how many pixels the page is wider than the screen."""
        return int(self.run("const d = document.documentElement; return d.scrollWidth - d.clientWidth;"))

    def save(self, path: Path, height: int) -> None:
        """Save a picture of the page's upper part."""
        width = self.run("return window.innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self._driver.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
        path.write_bytes(base64.b64decode(shot["data"]))

    def printed(self) -> bytes:
        """The page as a PDF."""
        printed = self._driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
        return base64.b64decode(printed["data"])


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Start a browser whose profile is in an empty folder; the test is skipped, visibly, where there is none."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("looking at pages needs Chromium and chromedriver (Debian: apt install chromium chromium-driver)")
    if importlib.util.find_spec("selenium") is None:
        pytest.skip("looking at pages needs selenium (extra: testing)")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in (*_ARGUMENTS, f"--user-data-dir={folder}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield Browser(started)
    finally:
        started.quit()
