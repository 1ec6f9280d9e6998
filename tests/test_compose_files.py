"""What the compose files, .env.example and scripts/make-secrets.sh say to each other and to the programs, without running a container;
scripts/test-compose.sh runs them."""

import os
import re
import subprocess

import pytest
import yaml

from harness.app import App
from harness.brand import PRODUCTS
from harness.services import ROOT

FILES = ("docker-compose.yml", "docker-compose.prod.yml")


def services_of(file):
    return yaml.safe_load((ROOT / file).read_text())["services"]


@pytest.fixture(scope="module")
def settings(product, services):
    """{setting: its kind} of the program."""
    table = App(product, services).command("check-config", "--markdown").stdout
    return dict(re.findall(r"^\| `(\w+)` \| (\w+)", table, re.MULTILINE))


@pytest.mark.parametrize("file", FILES)
def test_a_program_gets_what_it_knows(file, product, settings):
    for name, service in services_of(file).items():
        if not name.startswith(product):
            continue
        for variable, value in service["environment"].items():
            secret = variable.removesuffix("_FILE")
            assert variable in settings or settings.get(secret) == "secret", f"{name}: {variable}"
            if variable.endswith("_FILE") and variable not in settings:
                assert value.startswith(f"/run/secrets/{product}/"), value
            elif settings[variable] == "secret":
                assert file == FILES[0], f"{name}: {variable} is a file in production"


@pytest.mark.parametrize("file", FILES)
def test_every_variable_is_in_the_example(file):
    used = set(re.findall(r"\$\{(\w+)", (ROOT / file).read_text()))
    named = set(re.findall(r"^#(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert used and used <= named, used - named


def test_every_variable_of_the_example_is_used():
    used = {name for file in FILES for name in re.findall(r"\$\{(\w+)", (ROOT / file).read_text())}
    assert set(re.findall(r"^#(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)) == used


@pytest.mark.parametrize("file", FILES)
def test_services_check_their_health_come_back_and_rotate_their_logs(file):
    for name, service in services_of(file).items():
        assert service["logging"]["options"]["max-size"], name
        if name in ("postgres", "redis"):
            assert service["healthcheck"]["interval"] == "10s" and service["healthcheck"]["retries"] == 5
        assert service["restart"] == "unless-stopped" or "depends_on" in service or name == "keys", name


def test_in_production_only_nginx_has_a_port():
    assert [name for name, service in services_of(FILES[1]).items() if "ports" in service] == ["nginx"]


def test_in_development_ports_are_of_this_machine_only():
    for name, service in services_of(FILES[0]).items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name


# ---- secrets ----

def make_secrets(folder, *words, **variables):
    return subprocess.run([ROOT / "scripts/make-secrets.sh", folder, *words], env={**os.environ, **variables}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def files_of(folder):
    return {str(path.relative_to(folder)): (path.read_text(), path.stat().st_mode & 0o777, path.stat().st_uid)
            for path in folder.rglob("*") if path.is_file()}


# CI and scripts/test-fresh.sh are root.
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="it gives files to the user of the images")


@root_only
@pytest.mark.parametrize("words, file", [(("--development",), FILES[0]), ((), FILES[1])])
def test_all_the_files_are_there_that_compose_names(tmp_path, words, file):
    assert make_secrets(tmp_path, *words).returncode == 0
    wanted = set(re.findall(r"/run/secrets/([\w/.]+)", (ROOT / file).read_text() + (ROOT / "docker/redis/redis.conf").read_text()))
    wanted = {name for name in wanted if "/" in name and not (tmp_path / name).is_dir()}
    assert len(wanted) > 12 and wanted <= set(files_of(tmp_path)), wanted - set(files_of(tmp_path))


@root_only
def test_secrets_are_made_once_and_differ(tmp_path):
    assert make_secrets(tmp_path).returncode == 0
    made = files_of(tmp_path)
    for product in PRODUCTS:
        for name in ("user_password", "migrate_password", "redis_password", "metrics_token"):
            text, mode, owner = made[f"{product}/{name}"]
            assert re.fullmatch(r"[0-9a-f]{64}\n", text) and mode == 0o600 and owner == 1000
        assert made[f"{product}/clerk_secret_key"][0] == "" and (tmp_path / product).stat().st_mode & 0o777 == 0o700
    passwords = [text for name, (text, _, _) in made.items() if name.endswith("password")]
    assert len(set(passwords)) == len(passwords) == 1 + 4 * len(PRODUCTS)
    (tmp_path / PRODUCTS[0] / "clerk_secret_key").write_text("mine")
    (tmp_path / PRODUCTS[0] / "user_password").unlink()
    assert make_secrets(tmp_path).returncode == 0
    again = files_of(tmp_path)
    changed = {name for name in made if again[name][0] != made[name][0]}
    assert changed == {f"{PRODUCTS[0]}/{name}" for name in ("clerk_secret_key", "user_password", "database_url")}
    assert again[f"{PRODUCTS[0]}/user_password"][0].strip() in again[f"{PRODUCTS[0]}/database_url"][0]


@root_only
def test_an_address_of_the_operators_own_stays(tmp_path):
    """A database elsewhere: another run must not lead back to that of compose."""
    assert make_secrets(tmp_path).returncode == 0
    for name in ("database_url", "migrate_database_url", "redis_url"):
        (tmp_path / PRODUCTS[0] / name).write_text("elsewhere\n")
    before = files_of(tmp_path)
    assert make_secrets(tmp_path).returncode == 0
    assert files_of(tmp_path) == before


@root_only
def test_keys_to_sign_in_with_are_made_unless_clerk_is_there(tmp_path, product):
    assert make_secrets(tmp_path, "--development").returncode == 0
    made = files_of(tmp_path / product)
    assert "PRIVATE KEY" in made["clerk_private_key"][0] and made["clerk_jwt_key"][0] and made["clerk_webhook_secret"][0].startswith("whsec_")
    with_clerk = {f"{product.upper()}_CLERK_PUBLISHABLE_KEY": "pk_test_x", "OPENAI_API_KEY": "sk-shared"}
    assert make_secrets(tmp_path, "--development", **with_clerk).returncode == 0
    made = files_of(tmp_path / product)
    assert not made["clerk_private_key"][0].strip() and not made["clerk_jwt_key"][0].strip() and made["openai_api_key"][0] == "sk-shared\n"


def test_misuse_is_told(tmp_path):
    assert make_secrets(tmp_path, "--production").returncode == 64
    assert subprocess.run([ROOT / "scripts/make-secrets.sh"], capture_output=True, check=False).returncode == 64
