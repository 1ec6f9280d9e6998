"""What the tests count on in the seeds of each product."""

import json

from harness.services import ROOT

PRODUCTS = sorted(folder.name.removesuffix("-api") for folder in (ROOT / "apps").iterdir() if folder.is_dir())
KNOWN = {product: json.loads((ROOT / "seeds" / product / "known.json").read_text()) for product in PRODUCTS}
