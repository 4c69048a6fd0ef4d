"""What a browser makes of jeconform's HTML report: chromium, without a window.

    report_look.py REPORT.html FOLDER [FAIL SKIP PASS]

FAIL, SKIP, PASS: how many rows there are of each status.

Four pictures go to FOLDER, SCHEME-WIDTH.png: light and dark, 500 and 1280 pixels wide. A script that is put
behind the report measures what a reader would stumble over; a complaint is the exit status and a line on
stderr."""

import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import zlib

WIDTHS = (500, 1280)
SCHEMES = {"dark": 0, "light": 1}  # as Chromium numbers them
CONTRAST = 4.5  # WCAG 2, level AA, for text

MEASURE = """
<script>
// Relative luminance and contrast as WCAG 2 defines them. A background that is transparent is the parent's.
const numbers = color => color.match(/[\\d.]+/g).map(Number);
const luminance = rgb => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
  const c = rgb[i] / 255;
  return sum + weight * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
}, 0);
const behind = element => {
  for (; element; element = element.parentElement) {
    const color = numbers(getComputedStyle(element).backgroundColor);
    if (color.length < 4 || color[3] > 0) return color;
  }
  return [255, 255, 255];
};
const contrast = element => {
  const [a, b] = [numbers(getComputedStyle(element).color), behind(element)].map(luminance);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};
const shown = element => element.getClientRects().length > 0;
const cells = status => [...document.querySelectorAll("tbody tr")]
  .filter(row => shown(row) && (!status || row.dataset.status === status)).length;
const own = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
document.querySelector("details").open = true;
const texts = [...document.body.querySelectorAll("*")].filter(e => shown(e) && own(e));
const faint = texts.map(e => [contrast(e), e.textContent.slice(0, 40)]).sort((a, b) => a[0] - b[0])[0];
const wide = texts.filter(e => e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.textContent);
const number = document.querySelector("tbody td.n");
const measured = {
  title: document.title, dark: matchMedia("(prefers-color-scheme: dark)").matches, width: innerWidth,
  page: document.documentElement.scrollWidth, wide, faint, all: cells(),
  right: number.getBoundingClientRect().right -
    (r => (r.selectNodeContents(number), r.getBoundingClientRect().right))(document.createRange()),
  small: Math.min(...texts.map(e => parseFloat(getComputedStyle(e).fontSize)))
};
for (const status of ["fail", "skip", "pass"]) {
  document.querySelector(`.filter button[value=${status}]`).click();
  measured[status] = [cells(), cells(status)];
}
document.querySelector(".filter button[value='']").click();
measured.again = cells();
const out = document.createElement("pre");
out.hidden = true;
out.id = "measured";
out.textContent = JSON.stringify(measured);
document.body.append(out);
</script>
"""


def complain(text):
    sys.exit(f"report_look: {text}")


def browse(page, picture, scheme, width):
    """The document after its scripts, as Chromium writes it; and the picture."""
    done = subprocess.run(
        ["chromium", "--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
         *["--no-sandbox"] * (os.geteuid() == 0), f"--user-data-dir={picture.parent}/profile",
         f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}", f"--window-size={width},1500",
         "--dump-dom", f"--screenshot={picture}", page.as_uri()],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    found = re.search(r'<pre hidden="" id="measured">(.*?)</pre>', done.stdout, re.S)
    if not found or not picture.exists():
        complain(f"chromium, {scheme}, {width}: status {done.returncode}: {done.stderr[-300:]}")
    text = found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return json.loads(text)


def rows(png, most):
    """The first rows of an 8-bit RGB or RGBA picture, as bytes; and the bytes of a pixel."""
    data, at, body = png.read_bytes(), 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        chunk = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, _, depth, color = struct.unpack(">IIBB", chunk[:10])
            if depth != 8 or color not in (2, 6):
                complain(f"{png}: a form of PNG that is not read here: {depth}, {color}")
        body += chunk if kind == b"IDAT" else b""
        at += size + 12
    step = 3 if color == 2 else 4
    raw, stride = zlib.decompress(body), width * step + 1
    before = bytearray(stride - 1)
    for y in range(most):
        line = bytearray(raw[y * stride + 1:(y + 1) * stride])
        unfilter(raw[y * stride], line, before, step)
        yield line, step
        before = line


def unfilter(kind, line, before, step):
    for i, byte in enumerate(line):
        left = line[i - step] if i >= step else 0
        corner = before[i - step] if i >= step else 0
        if kind == 4:
            guess = left + before[i] - corner
            distances = (abs(guess - left), abs(guess - before[i]), abs(guess - corner))
            add = (left, before[i], corner)[distances.index(min(distances))]
        else:
            add = (0, left, before[i], (left + before[i]) // 2)[kind]
        line[i] = (byte + add) & 255


def brightness(png):
    """Of the upper part of a picture, 0 to 1, and how many colours it has."""
    total = count = 0
    colours = set()
    for line, step in rows(png, 120):
        for x in range(0, len(line), step):
            total += sum(line[x:x + 3])
            count += 3
            colours.add(bytes(line[x:x + 3]))
    return total / count / 255, len(colours)


def judge(name, seen, picture, expected):
    wrong = [text for holds, text in (
        (seen["title"] == "jeconform: fail", f"its title is {seen['title']}"),
        (seen["width"] == expected["width"], f"it is {seen['width']} wide"),
        (seen["page"] <= seen["width"], f"it scrolls sideways: {seen['page']} of {seen['width']}"),
        (not seen["wide"], f"beyond the right edge: {seen['wide'][:3]}"),
        (seen["faint"][0] >= CONTRAST, f"contrast {seen['faint'][0]:.2f}: {seen['faint'][1]}"),
        (seen["small"] >= 11, f"text of {seen['small']} pixels"),
        (seen["dark"] == expected["dark"], "it does not follow the scheme"),
        (0 <= seen["right"] <= 12, f"numbers end {seen['right']} pixels from the right"),
        (seen["all"] == seen["again"] == sum(expected["rows"]),
         f"{seen['all']} cells, {seen['again']} after filtering"),
        ([seen["fail"], seen["skip"], seen["pass"]] == [[n, n] for n in expected["rows"]], "the filter"),
    ) if not holds]
    bright, colours = brightness(picture)
    if not (bright < 0.25 if expected["dark"] else bright > 0.85):
        wrong.append(f"the picture's brightness is {bright:.2f}")
    if colours < 20:
        wrong.append(f"the picture has {colours} colours: nothing is drawn")
    if wrong:
        complain(f"{name}: {'; '.join(wrong)}")


def main():
    report, folder = map(pathlib.Path, sys.argv[1:3])
    counts = [int(word) for word in sys.argv[3:]] or [2, 1, 5]
    page = folder.resolve() / "measured.html"
    page.write_text(report.read_text() + MEASURE)
    for scheme in SCHEMES:
        for width in WIDTHS:
            picture = folder.resolve() / f"{scheme}-{width}.png"
            seen = browse(page, picture, scheme, width)
            judge(f"{scheme}, {width} pixels", seen, picture, {"width": width, "dark": scheme == "dark",
                                                                         "rows": counts})


main()
