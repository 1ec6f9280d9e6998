#!/usr/bin/env python3
"""What the documentation says of the tree is true: every path it names and every relative link exists, every lib and
product has a README that says what it may include and what is for others, the README's table of layers is the one that is
enforced, docs/limits.md is current.

A path with a placeholder (<lib>, NNNN, *, {...}) stands for a file that is still to be written and is not looked up.
Decisions (docs/adr) are history: only their links are checked.
"""

import re

import check_layers
import check_source
import make_docs

CODE_SPAN = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"^(?:apps|bench|cmake|deploy|docker|docs|fuzz|libs|migrations|scripts|seeds|tests|web)/[\w./-]*$")
SCRIPT = re.compile(r"(?<![\w./-])scripts/[\w/-]+\.(?:sh|py)\b")
SOURCE = re.compile(r"^[\w/-]+\.[ch]$")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
PLACEHOLDER = re.compile(r"NNNN")
SUMMARY = re.compile(r"^\| may include \| (.*) \|\n(?:\| for others \| (.*) \|\n)?\| tested by \| .+ \|\n\| a new thing \| .+ \|$", re.MULTILINE)
LAYER_TABLE = re.compile(r"^\| lib \| may include \|\n\|[-|]+\|\n((?:\|.*\|\n)+)", re.MULTILINE)


def spans(text):
    """(position, word) of every word in a code span."""
    for match in CODE_SPAN.finditer(text):
        for word in match[1].split():
            yield match.start(), word.split(":")[0].rstrip(".,;")


def named_paths(text):
    """(position, path) of each code span that is a path of this tree, and of each script in an example."""
    for at, word in spans(text):
        if PATH.match(word) and not PLACEHOLDER.search(word):
            yield at, word
    for fence in FENCE.finditer(text):
        for match in SCRIPT.finditer(fence.group()):
            yield fence.start() + match.start(), match.group()


def links(text):
    """(position, target) of each link to a file."""
    without_code = FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    for match in LINK.finditer(without_code):
        target = match[1].split("#")[0]
        if target and not re.match(r"[a-z]+:", target):
            yield match.start(), target


def missing_from(root, path, text):
    folder = (root / path).parent
    yield from ((at, target) for at, target in links(text) if not (folder / target).exists())
    if path.startswith("docs/adr/"):
        return
    yield from ((at, name) for at, name in named_paths(text) if not (root / name).exists())
    if path.startswith("libs/"):
        for at, name in spans(text):
            if SOURCE.match(name) and not PATH.match(name) and not (folder / name).exists() and not (root / "libs" / name).exists():
                yield at, name


def layers_of(table):
    """{lib: what it may include} of the README's table."""
    layers = {}
    for row in table.splitlines():
        libs, may_include = (cell.strip() for cell in row.strip("|").split("|"))
        for lib in libs.split(", "):
            layers[lib] = set() if may_include == "nothing" else set(may_include.split(", "))
    return layers


def check_layer_table(root):
    readme = root / "README.md"
    if not readme.exists():
        return
    table = LAYER_TABLE.search(readme.read_text(encoding="utf-8"))
    if table is None:
        yield "README.md: has no table of layers"
        return
    told = layers_of(table[1])
    enforced = {**check_layers.LAYERS, "apps": check_layers.APPS}
    everything = set(check_layers.LAYERS) - {"svc"}
    for lib in sorted(told.keys() | enforced.keys()):
        want = enforced.get(lib, set()) - {lib}
        have = everything if told.get(lib) == {"everything above"} else told.get(lib)
        if have != want:
            yield f"README.md: the row of {lib} differs from scripts/check_layers.py"


def check_readmes(root):
    for folder in sorted([*root.glob("libs/*/"), *root.glob("apps/*/")]):
        if folder.is_dir() and not (folder / "README.md").exists():
            yield f"{folder.relative_to(root)}: has no README.md"


def headers_for_others(root):
    """{lib: its headers that other libs and programs include}; not those for tests, and not those that the build makes."""
    found = {}
    for path, text in check_source.c_files(root):
        folder, owner = path.split("/")[:2]
        if folder in ("libs", "apps") and not path.endswith("_test.c") and "/testing/" not in path:
            for _, header in check_layers.INCLUDE.findall(text):
                lib = header.split("/")[0]
                if (folder, owner) != ("libs", lib) and header.count("/") == 1 and (root / "libs" / header).exists():
                    found.setdefault(lib, set()).add(header)
    return found


def check_summaries(root):
    """The table on top of each README is what the code says."""
    headers = headers_for_others(root)
    for readme in sorted([*root.glob("libs/*/README.md"), *root.glob("apps/*/README.md")]):
        name, where = readme.parent.name, readme.relative_to(root)
        table = SUMMARY.search(readme.read_text(encoding="utf-8"))
        if table is None:
            yield f"{where}: has no table of what it may include, what is for others, how it is tested and where a new thing goes"
            continue
        is_lib = readme.parent.parent.name == "libs"
        enforced = check_layers.LAYERS.get(name, set()) - {name} if is_lib else check_layers.APPS
        may = "everything" if name == "svc" else ", ".join(sorted(enforced)) or "nothing"
        if table[1] != may:
            yield f"{where}: may include {may}"
        used = ", ".join(f"`{header}`" for header in sorted(headers.get(name, ()))) or "nothing"
        if is_lib and table[2] != used:
            yield f"{where}: for others is {used}"


def check_limits(root):
    page = root / "docs/limits.md"
    if (root / make_docs.HEADER).exists() and (not page.exists() or page.read_text(encoding="utf-8") != make_docs.limits(root)):
        yield "docs/limits.md: not what scripts/make_docs.py makes of the header; run it"


def check(root):
    findings = []
    for path, text in check_source.text_files(root):
        if path.endswith(".md"):
            findings += [f"{path}:{check_source.line_of(text, at)}: {name} does not exist" for at, name in missing_from(root, path, text)]
    return [*findings, *check_layer_table(root), *check_readmes(root), *check_summaries(root), *check_limits(root)]


if __name__ == "__main__":
    check_source.run(check)
