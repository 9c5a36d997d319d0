"""Reads a case page as a browser does, and says what of it came from texts.

    markup.py PAGE PLAIN STRINGS

PAGE is of a case whose texts are STRINGS (a JSON list), PLAIN of one that has as
many harmless ones.  Prints a line for each string that PAGE does not show exactly,
and for each element or attribute of which the two pages do not have the same.
"""
import collections
import html.parser
import json
import sys


class Page(html.parser.HTMLParser):
    """The elements of a page, and the texts that are shown as such."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.elements = collections.Counter()
        self.texts = collections.Counter()
        self.text = None
        with open(path, encoding="utf-8", newline="") as file:
            self.feed(file.read())
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements[tag, tuple(attrs)] += 1
        if ("class", "text") in attrs:
            self.text = ""

    def handle_data(self, data):
        if self.text is not None:
            self.text += data

    def handle_endtag(self, tag):
        if self.text is not None:
            self.texts[self.text] += 1
            self.text = None

    def handle_comment(self, data):
        self.elements["comment", data] += 1

    def handle_pi(self, data):
        self.elements["instruction", data] += 1


def main(page, plain, strings):
    page, plain = Page(page), Page(plain)
    with open(strings, encoding="utf-8") as file:
        strings = collections.Counter(json.load(file))
    for text in strings - page.texts:
        print("not shown: %a" % text)
    for element in (page.elements - plain.elements) + (
            plain.elements - page.elements):
        print("not the same: %a" % (element,))
    if not strings or not page.elements:
        print("nothing was compared")


main(*sys.argv[1:])
