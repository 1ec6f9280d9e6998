"""Code blocks of a document that name the file they are: ```ts file=pages.ts product=bestays"""

import re

BLOCK = re.compile(r"^```(\w+) file=(\S+)(?: product=(\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def snippets(text, language, product):
    """{file name: code} of the blocks for a product."""
    return {name: code for found, name, only, code in BLOCK.findall(text) if found == language and only in ("", product)}
