"""Does each link of each page lead somewhere in the tree? python3 check_links.py TREE"""

import pathlib
import re
import sys

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.S | re.M)
CODE = re.compile(r"`[^`\n]*`")


def pages(tree):
    """All pages of the tree but those in folders that are built."""
    for page in sorted(tree.rglob("*.md")):
        parts = page.relative_to(tree).parts
        if not parts[0].startswith((".", "build")):
            yield page


def anchors(page):
    """The names that a browser of the repository gives to the headings of a page."""
    text = FENCE.sub("", page.read_text())
    for heading in re.findall(r"^#+ +(.*)$", text, re.M):
        yield re.sub(r"[^\w -]", "", heading.replace("`", "").lower()).strip().replace(" ", "-")


def check(tree, page):
    text = CODE.sub("", FENCE.sub("", page.read_text()))
    for link in LINK.findall(text):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        where = page.relative_to(tree)
        if not target.exists() or not target.is_relative_to(tree):
            yield f"{where}: {link} leads nowhere"
        elif anchor and anchor not in anchors(target):
            yield f"{where}: {link} names no heading there"


def main():
    tree = pathlib.Path(sys.argv[1]).resolve()
    all_pages = list(pages(tree))
    complaints = [complaint for page in all_pages for complaint in check(tree, page)]
    for complaint in complaints:
        print(complaint)
    return 1 if complaints or not all_pages else 0


if __name__ == "__main__":
    sys.exit(main())
