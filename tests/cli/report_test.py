#!/usr/bin/env python3
"""report.html in a real browser: renders without complaints, switches, sorts, zooms, on a phone and by keyboard."""
import base64
import shutil
import struct
import sys
import tempfile
import unittest
import zlib

import h5py
import numpy as np

from aggregate_test import log_lines
from harness import ProgramTest

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select
except ImportError:
    webdriver = None

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage")
CLASSES = ("forest", "highway", "river", "a_class_with_a_rather_long_name")
STRATEGIES = ("RandomSampling", "MarginSampling", "BALDDropout", "KCenterGreedy")

# WCAG's contrast of every visible text against its background (the page's is white where none is set).
CONTRAST = """
const part = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
const light = (rgb) => 0.2126 * part(rgb[0]) + 0.7152 * part(rgb[1]) + 0.0722 * part(rgb[2]);
const colour = (text) => text.match(/[0-9.]+/g).map(Number);
const behind = (node) => {
  for (; node; node = node.parentElement) {
    const rgba = colour(getComputedStyle(node).backgroundColor);
    if (rgba.length < 4 || rgba[3] > 0) return rgba;
  }
  return [255, 255, 255];
};
return [...document.querySelectorAll("body *")].filter((node) => node.getClientRects().length &&
    [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim())).map((node) => {
  const style = getComputedStyle(node), text = node instanceof SVGElement ? style.fill : style.color;
  const [a, b] = [light(colour(text)), light(behind(node))].sort((x, y) => y - x);
  return [(a + 0.05) / (b + 0.05), node.tagName + ": " + node.textContent.slice(0, 40)];
}).filter(([ratio]) => ratio < 4.5);
"""


def png(number):
    """A picture of 8 x 8 pixels of one colour."""
    raw = b"".join(b"\0" + bytes((40 * number % 256, 90, 200)) * 8 for _ in range(8))
    chunk = lambda kind, data: (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


@unittest.skipIf(webdriver is None or not shutil.which("chromium"), "Chromium or its driver is not installed")
class ReportTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("study.log", log_lines(STRATEGIES) + log_lines(STRATEGIES).replace("_random", "_kmeans"))
        self.run_program("al_aggregate", "import-log", "study.log", "--output", "study.h5", "--classes", ",".join(CLASSES))
        self.add_attempts()
        self.add_confusion()
        self.add_calibration()
        self.add_samples()
        self.run_program("al_aggregate", "study.h5", "--output", "plots", "--format", "svg")
        options = Options()
        for flag in (*FLAGS, f"--user-data-dir={tempfile.mkdtemp(dir=self.folder)}"):
            options.add_argument(flag)
        options.binary_location = shutil.which("chromium")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.browser = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
        self.addCleanup(self.browser.quit)

    def add_attempts(self):
        """Three ranks, one with two workers; a failure and its retry."""
        text = h5py.string_dtype("utf-8", 64)
        dtype = [("trial", "i4"), ("attempt", "i4"), ("rank", "i4"), ("host", text), ("device", text),
                 ("outcome", text), ("message", text), ("started", "f8"), ("seconds", "f8")]
        rows = [(t, 1, t % 3, b"node1", b"cpu", b"done", b"", 100.0 + 10 * (t // 3), 9.0) for t in range(24)]
        rows[7] = (7, 1, 1, b"node1", b"cpu", b"failed", b"loss is NaN", 120.0, 3.0)
        rows[5] = (5, 1, 2, b"node1", b"cpu", b"done", b"", 105.0, 9.0)
        rows.append((7, 2, 1, b"node1", b"cpu", b"done", b"", 123.5, 6.0))
        with h5py.File(self.folder / "study.h5", "r+") as file:
            del file["attempts"]
            file.create_dataset("attempts", data=np.array(rows, dtype=dtype))

    def add_confusion(self):
        """Better from round to round; a highway is taken for a river."""
        with h5py.File(self.folder / "study.h5", "r+") as file:
            rounds = file["rounds"]["round"]
            matrices = np.zeros((len(rounds), 4, 4), dtype=np.int64)
            for matrix, r in zip(matrices, rounds):
                matrix[:] = np.diag([20 + 10 * int(r)] * 4) + 3
                matrix[1, 2] = 15 - 5 * int(r)
            if "confusion" in file:
                del file["confusion"]
            file.create_dataset("confusion", data=matrices)

    def add_calibration(self):
        """Four bins, the lowest empty; too sure in the first round, as sure as right in the last."""
        with h5py.File(self.folder / "study.h5", "r+") as file:
            rounds = file["rounds"]["round"]
            bins = np.zeros((len(rounds), 4, 3))
            for bin, r in zip(bins, rounds):
                bin[1:, 2] = (10, 20, 40)
                bin[1:, 0] = bin[1:, 2] * (0.4, 0.6, 0.9)
                bin[1:, 1] = (4, 12, 36 if r == rounds.max() else 20)
            file.create_dataset("calibration", data=bins)

    def add_samples(self):
        """Three rounds of three picks a trial; a picture of each, tiles of one trial; a map of 60 samples, and two picked ones."""
        with h5py.File(self.folder / "study.h5", "r+") as file:
            rows = [(t, r, k, 20 * r + t % 20 if k < 2 else 60 + k, (r + k) % 4, 0.0)
                    for t in range(len(file["trials"])) for r in range(3) for k in range(3)]
            if "picks" in file:
                del file["picks"]
            file.create_dataset("picks", data=np.array(rows, dtype=[("trial", "i4"), ("round", "i4"), ("order", "i4"),
                                                                    ("index", "i8"), ("label", "i8"), ("score", "f8")]))
            for index in sorted({row[3] for row in rows}):
                file[f"pictures/pool-{index}"] = np.frombuffer(png(index), dtype=np.uint8)
            for name in ("test-0", "test-0-label", "test-9", "test-9-label", "trial-0-test-0-prediction", "trial-0-test-0-entropy",
                         "trial-0-test-9-prediction", "trial-0-test-9-entropy"):
                file[f"pictures/{name}"] = np.frombuffer(png(len(name)), dtype=np.uint8)
            n = 63
            table = np.zeros(n, dtype=[("index", "i8"), ("label", "i8"), ("x", "f8"), ("y", "f8")])
            table["index"], table["label"] = np.arange(n), np.arange(n) % 4
            table["x"], table["y"] = np.cos(np.arange(n)) * np.arange(n), np.sin(np.arange(n)) * np.arange(n) / 2
            map = file.create_dataset("map", data=table)
            map.attrs.update({"embeddings": "the dataset's embeddings 'simclr', 512 numbers", "share_x": 0.31, "share_y": 0.12, "n_even": 60})

    def open(self, width=1200, height=1000):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.browser.get((self.folder / "plots/report.html").as_uri())

    def js(self, script, *args):
        return self.browser.execute_script(script, *args)

    def find(self, css):
        return self.browser.find_element(By.CSS_SELECTOR, css)

    def pixels(self):
        """How many pixels of the chart are painted."""
        return self.js("""const c = document.querySelector("#chart canvas");
            const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
            let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n;""")

    def test_it_renders_without_complaints_and_without_a_network(self):
        self.open()
        self.assertIn("study", self.browser.title)
        self.assertGreater(self.pixels(), 5000)
        self.assertGreaterEqual(len(self.browser.find_elements(By.CSS_SELECTOR, "#tables table")), 5)
        self.assertGreaterEqual(self.js("return [...document.images].filter((i) => i.complete && i.naturalWidth).length"), 4)
        self.assertEqual(self.browser.get_log("browser"), [])
        requests = [entry["message"] for entry in self.browser.get_log("performance")
                    if '"Network.requestWillBeSent"' in entry["message"]]
        self.assertFalse([r for r in requests if '"url":"http' in r or '"url":"ws' in r])

    def test_strategies_metric_and_initial_set_switch(self):
        self.open()
        before = self.pixels()
        box = self.find("input[data-strategy=margin_sampling]")
        box.click()
        self.assertLess(self.pixels(), before)
        box.click()
        self.assertEqual(self.pixels(), before)
        self.find("#none").click()
        self.assertFalse(self.find("input[data-strategy=random_sampling]").is_selected())
        self.find("#all").click()
        Select(self.find("#init")).select_by_value("kmeans")
        self.assertIn("initial set kmeans", self.find("#chart").get_attribute("aria-label"))

    def test_hovering_reads_values_out_and_dragging_zooms(self):
        self.open()
        over = self.find("#chart .u-over")
        ActionChains(self.browser).move_to_element_with_offset(over, 200, 0).perform()
        self.assertIn("margin_sampling 0.", self.find("#readout").text)

        def picture():
            ActionChains(self.browser).move_to_element(self.find("h1")).perform()
            return self.js("return document.querySelector('#chart canvas').toDataURL()")

        before = picture()
        ActionChains(self.browser).move_to_element(over).click_and_hold().move_by_offset(180, 0).release().perform()
        self.assertNotEqual(picture(), before)
        self.find("#zoom-reset").click()
        self.assertEqual(picture(), before)
        self.find("#zoom-in").click()
        self.assertNotEqual(picture(), before)
        self.find("#zoom-out").click()
        self.assertEqual(picture(), before)

    def test_the_keyboard_reaches_and_moves_everything(self):
        self.open()
        chart = self.find("#chart")
        chart.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
        self.assertTrue(self.find("#readout").text.startswith("64 labels"))
        chart.send_keys("+")
        chart.send_keys("0")
        self.js("document.activeElement.blur(); window.scrollTo(0, 0)")
        seen = set()
        for _ in range(160):
            ActionChains(self.browser).send_keys(Keys.TAB).perform()
            active = self.browser.switch_to.active_element
            seen.add(active.get_attribute("id") or active.get_attribute("data-strategy") or active.tag_name)
        for wanted in ("dataset", "init", "metric", "bands", "zoom-in", "chart", "all", "margin_sampling", "summary", "confusion-round", "calibration-round",
                       "gallery-strategy", "tiles-table", "map-class", "map-round", "gantt"):
            self.assertIn(wanted, seen)

    def test_tables_sort_both_ways_and_say_so(self):
        self.open()
        table = self.find("table[aria-label=summary]")
        header = table.find_element(By.XPATH, ".//th[button[text()='final']]")
        column = lambda: [float(c.text.split()[0]) for c in table.find_elements(By.CSS_SELECTOR, "tbody td:nth-child(8)")]
        header.find_element(By.TAG_NAME, "button").click()
        self.assertEqual(header.get_attribute("aria-sort"), "ascending")
        self.assertEqual(column(), sorted(column()))
        header.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
        self.assertEqual(header.get_attribute("aria-sort"), "descending")
        self.assertEqual(column(), sorted(column(), reverse=True))

    def test_confusion_goes_with_the_slider_by_mouse_and_keyboard(self):
        self.open()
        table = lambda: [[c.text for c in row.find_elements(By.TAG_NAME, "td")]
                         for row in self.browser.find_elements(By.CSS_SELECTOR, "#confusion-table tbody tr")]
        says = lambda: self.find("#confusion-says").text
        last = table()
        self.assertEqual(len(last), 4)
        self.assertEqual(last[0], [f"{100 * n / 52:.0f}" if n > 5.2 else f"{100 * n / 52:.1f}" for n in (43, 3, 3, 3)])
        self.assertIn("random_sampling, 96 labels, 3 seeds: most often confused", says())
        slider = self.find("#confusion-round")
        slider.send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
        self.assertIn("32 labels", says())
        self.assertIn("highway taken for river", says())
        self.assertNotEqual(table(), last)
        self.assertEqual(slider.get_attribute("aria-valuetext"), "32 labels")
        Select(self.find("#confusion-init")).select_by_value("kmeans")
        Select(self.find("#confusion-strategy")).select_by_value("bald_dropout")
        self.assertIn("bald_dropout, 32 labels", says())
        headings = self.browser.find_elements(By.CSS_SELECTOR, "#confusion-table th[scope=col]")
        self.assertEqual(headings[4].get_attribute("aria-label"), CLASSES[3])
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_calibration_goes_with_the_slider_and_has_a_table(self):
        self.open()
        says = lambda: self.find("#calibration-says").text
        table = lambda: [[c.text for c in row.find_elements(By.TAG_NAME, "td")]
                         for row in self.browser.find_elements(By.CSS_SELECTOR, "#calibration-table tbody tr")]
        self.assertIn("random_sampling, 96 labels, 3 seeds: expected calibration error 0.000", says())
        self.assertEqual(table()[0], ["0.00 to 0.25", "-", "-", "0"])
        self.assertEqual(table()[3], ["0.75 to 1.00", "0.900", "0.900", "120"])
        self.assertEqual(len(self.browser.find_elements(By.CSS_SELECTOR, "#calibration-chart circle")), 3)
        self.find("#calibration-round").send_keys(Keys.HOME)
        self.assertIn("32 labels, 3 seeds: expected calibration error 0.229; on average 0.229 more sure than right", says())
        self.assertEqual(table()[3][2], "0.500")
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_a_file_of_an_earlier_version_has_a_report_without_the_newer_sections(self):
        with h5py.File(self.folder / "study.h5", "r+") as file:
            for name in ("calibration", "pictures", "map"):
                del file[name]
        self.run_program("al_aggregate", "study.h5", "--output", "plots", "--format", "svg")
        self.open()
        for section in ("calibration", "gallery", "tiles", "map"):
            self.assertFalse(self.find(f"#{section}").is_displayed())
            self.assertFalse(self.find(f"nav a[href='#{section}']").is_displayed())
        self.assertTrue(self.find("#confusion").is_displayed())
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_the_gallery_shows_first_and_last_picks_by_class(self):
        self.open()
        self.assertIn("random_sampling, initial set random, seed 1.", self.find("#gallery-says").text)
        batches = self.browser.find_elements(By.CSS_SELECTOR, "#gallery .batch")
        self.assertEqual([b.find_element(By.TAG_NAME, "h3").text for b in batches],
                         ["First query: 3 picks, 64 labels after it", "Last query: 3 picks, 96 labels after it"])
        self.assertEqual([h.text for h in batches[0].find_elements(By.TAG_NAME, "h4")], ["highway: 1", "river: 1", f"{CLASSES[3]}: 1"])
        self.js("document.querySelector('#gallery').scrollIntoView()")
        pictures = self.browser.find_elements(By.CSS_SELECTOR, "#gallery img")
        self.assertEqual(len(pictures), 6)
        self.assertEqual(pictures[0].get_attribute("alt"), "highway, sample 20")
        self.assertEqual(self.js("return [...document.querySelectorAll('#gallery img')].map((i) => i.decode && i.naturalWidth)"), [8] * 6)
        Select(self.find("#gallery-strategy")).select_by_value("margin_sampling")
        self.assertIn("margin_sampling", self.find("#gallery-says").text)
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_predictions_stand_beside_image_and_label(self):
        self.open()
        self.assertIn("2 tiles of the test set", self.find("#tiles-says").text)
        rows = self.browser.find_elements(By.CSS_SELECTOR, "#tiles-table tbody tr")
        self.assertEqual([r.find_element(By.TAG_NAME, "th").text for r in rows], ["0", "9"])
        self.assertEqual([i.get_attribute("alt") for i in rows[1].find_elements(By.TAG_NAME, "img")],
                         [f"{what} of test tile 9" for what in ("image", "label", "prediction", "unsure")])
        self.assertEqual([e.text for e in self.browser.find_elements(By.CSS_SELECTOR, "#tiles-legend li")], [*CLASSES, "no label"])

    def test_the_map_shows_picks_round_by_round(self):
        self.open()
        says = lambda: self.find("#map-says").text
        count = lambda when: len(self.browser.find_elements(By.CSS_SELECTOR, f"#map-chart [data-picked={when}]"))
        cells = lambda row: [c.text.strip() for c in self.browser.find_elements(By.CSS_SELECTOR, f"#map-table tbody tr:nth-child({row}) td")]
        self.assertIn("31 % and 12 % of the variance", self.find("#map-hint").text)
        self.assertIn("seed 1, 96 labels: 9 picks drawn", says())
        self.assertEqual((count("now"), count("before")), (3, 6))
        self.assertEqual(len(self.browser.find_elements(By.CSS_SELECTOR, "#map-chart path")), 60 + 9)
        slider = self.find("#map-round")
        slider.send_keys(Keys.HOME)
        self.assertIn("3 picks drawn", says())
        self.assertIn("of the initial set", says())
        self.assertEqual(slider.get_attribute("aria-valuetext"), "32 labels")
        self.assertEqual((count("now"), count("before")), (3, 0))
        self.assertEqual(cells(1), ["forest", "15", "2", "2"])
        Select(self.find("#map-class")).select_by_visible_text("river")
        self.assertEqual(len(self.browser.find_elements(By.CSS_SELECTOR, "#map-chart path")), 15 + 1)
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_every_picture_and_control_has_a_name(self):
        self.open()
        self.assertEqual(self.js("""return [...document.querySelectorAll('img')].filter((i) => !i.alt).length"""), 0)
        self.assertEqual(self.js("""return [...document.querySelectorAll('select, input, button')]
            .filter((c) => !c.closest('[hidden]') && !(c.labels && c.labels.length) && !c.textContent.trim()).map((c) => c.id)"""), [])
        self.assertEqual(self.js("""return [...document.querySelectorAll('[role=img], [role=region]')]
            .filter((c) => !c.getAttribute('aria-label')).map((c) => c.id)"""), [])

    def test_it_prints_with_everything_open_and_nothing_cut_off(self):
        self.open()
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": 1030, "height": 700, "deviceScaleFactor": 1, "mobile": False})
        self.js("window.dispatchEvent(new Event('beforeprint'))")
        self.assertEqual(self.js("return document.querySelectorAll('details:not([open])').length"), 0)
        self.assertLessEqual(self.js("return document.documentElement.scrollWidth"), 1030)
        self.assertFalse(self.find("nav").is_displayed())
        self.assertTrue(self.find("#map-hint").is_displayed())  # what the map shows
        self.js("window.dispatchEvent(new Event('afterprint'))")
        self.assertGreater(self.js("return document.querySelectorAll('details:not([open])').length"), 2)
        pdf = self.browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"]
        pdf = base64.b64decode(pdf)
        self.assertTrue(pdf.startswith(b"%PDF"))
        self.assertGreaterEqual(pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page "), 3)

    def test_the_farm_shows_failures_and_retries(self):
        self.open()
        bars = self.browser.find_elements(By.CSS_SELECTOR, "#gantt rect")
        self.assertEqual(len(bars), 25)
        self.assertEqual(len(self.browser.find_elements(By.CSS_SELECTOR, "#gantt rect[data-outcome=failed]")), 1)
        workers = [t.text for t in self.browser.find_elements(By.CSS_SELECTOR, "#gantt text[text-anchor=end]")]
        self.assertEqual(workers, ["node1 rank 0", "node1 rank 1", "node1 rank 2 #1", "node1 rank 2 #2"])
        rows = self.find("#attempt-table tbody").text.splitlines()
        self.assertEqual(len(rows), 2)
        self.assertIn("loss is NaN", rows[0])

    def test_it_fits_a_phone(self):
        self.open(width=400, height=800)
        self.assertLessEqual(self.js("return document.documentElement.scrollWidth"), 400)
        self.assertGreater(self.pixels(), 3000)
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_text_has_contrast(self):
        self.open()
        self.js("for (const d of document.querySelectorAll('details')) d.open = true")
        self.assertEqual(self.js(CONTRAST), [])


if __name__ == "__main__":
    program = unittest.main(exit=False)
    skipped = program.result.skipped and len(program.result.skipped) == program.result.testsRun
    sys.exit(77 if skipped else not program.result.wasSuccessful())
