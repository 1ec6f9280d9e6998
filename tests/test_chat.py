"""The chat without any service: what every product answers with out of the box, and falls back to."""

import json
import re
import threading
import time
import uuid

import pytest

from conftest import other_product
from harness import brand
from harness.chat import CHAT, CONVERSATIONS, ask, markers, new_session
from harness.services import ROOT

KNOWN = {product: (known["faq"][0]["question"], known["words"]) for product, known in brand.KNOWN.items()}
KNOWN_THAI = {product: known["thai"] for product, known in brand.KNOWN.items()}
