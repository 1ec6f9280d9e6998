"""Settings as they are told: docs/config.md and the example files against the tables that the programs read."""

import re
import subprocess
import sys

import pytest
from conftest import PRODUCTS
from harness.services import ROOT, bin_dir

sys.path.insert(0, str(ROOT / "scripts"))

import make_docs  # noqa: E402

FOR_SCRIPTS_ONLY = {"CLERK_DEV_PRIVATE_KEY"}  # scripts/run.sh makes one; nobody fills it in by hand


def check_config(product, *arguments):
    return subprocess.run([str(bin_dir() / f"{product}-api"), "check-config", *arguments], env={}, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)


def example(product):
    return ROOT / f"apps/{product}-api/{product}.env.example"


def test_the_page_of_settings_is_current():
    """After a wanted change: scripts/make_docs.py build/dev/bin"""
    assert (ROOT / "docs/config.md").read_text() == make_docs.config(make_docs.programs_in(bin_dir(), ROOT))


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_example_starts_as_it_is(product):
    done = check_config(product, "--env-file", str(example(product)))
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert f"PRODUCT_ID={product}\n" in done.stdout


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_example_shows_every_setting(product):
    shown = re.findall(r"^#?([A-Z][A-Z0-9_]*)=", example(product).read_text(), re.MULTILINE)
    known = re.findall(r"^\| `(\w+)` \|", check_config(product, "--markdown").stdout, re.MULTILINE)
    assert len(shown) == len(set(shown))
    assert set(known) - FOR_SCRIPTS_ONLY <= set(shown)


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_example_shows_the_defaults(product):
    """A commented line that is taken in changes nothing."""
    defaults = dict(line.split("=", 1) for line in check_config(product, "--env-file", str(example(product))).stdout.splitlines())
    for name, value in re.findall(r"^#([A-Z][A-Z0-9_]*)=(.*)$", example(product).read_text(), re.MULTILINE):
        assert defaults.get(name, value) == value, name
