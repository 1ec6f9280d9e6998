"""deploy/kubernetes: both overlays build, Kubernetes knows all their fields, the program takes their settings, and what must hold
does. Each rule is shown to fail on an object that breaks it."""

import copy
import json
import re
import shutil
import subprocess

import pytest
import yaml

from conftest import PRODUCTS
from harness.kubernetes import findings, one, settings_of
from harness.kustomize import Broken, build, without_hashes
from harness.services import ROOT, bin_dir

FOLDER = ROOT / "deploy/kubernetes"
SECRET = re.compile(r"^\| `([A-Z_]+)` \| secret \|", re.MULTILINE)
SECRETS = set(SECRET.findall((ROOT / "docs/config.md").read_text()))
MODULES = {"v1": "core/v1", "networking.k8s.io/v1": "networking/v1"}


PRODUCTS = sorted(path.parent.name for path in FOLDER.glob("*/kustomization.yaml") if path.parent.name != "base")


@pytest.fixture(params=PRODUCTS)
def product(request):
    return request.param


def routes(product):
    return set(json.loads((ROOT / f"tests/golden/{product}.openapi.json").read_text())["paths"])


@pytest.fixture
def documents(product):
    return build(FOLDER / product)


def wrong(documents, product):
    return findings(documents, routes(product), SECRETS)


def test_nothing_is_wrong(documents, product):
    assert len(SECRETS) >= 8 and wrong(documents, product) == []
    assert all(document["metadata"].get("namespace") == product for document in documents)
    assert all(document["metadata"]["name"].startswith(f"{product}-") for document in documents)


def typed(documents):
    """A module in which every object is a constant of its type: a field that the type has not is an error."""
    lines = []
    for number, document in enumerate(documents):
        module = MODULES.get(document["apiVersion"], document["apiVersion"])
        lines.append(f'import type {{ {document["kind"]} as T{number} }} from "kubernetes-types/{module}";')
        lines.append(f"export const d{number}: T{number} = {json.dumps(document)};")
    return "\n".join(lines)


def compile_types(documents, folder):
    (folder / "objects.ts").write_text(typed(documents))
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return subprocess.run([str(ROOT / "node_modules/.bin/tsc"), "--noEmit", "--strict", "--skipLibCheck", "--target", "ES2022", "--module", "ES2022",
                           "--moduleResolution", "Bundler", "objects.ts"], cwd=folder, stdout=subprocess.PIPE, text=True, check=False, timeout=300)


def test_kubernetes_knows_every_field(documents, tmp_path):
    done = compile_types(documents, tmp_path)
    assert done.returncode == 0, done.stdout


def test_wrong_fields_are_found(tmp_path):
    """One that there is not, one of the wrong type, one that must not be null, one that must be there."""
    documents = [copy.deepcopy(one(build(FOLDER / PRODUCTS[0]), kind)) for kind in ("Deployment", "Deployment", "Ingress", "PodDisruptionBudget")]
    pod(documents[:1])["terminationGracePeriod"] = 40
    container(documents[1:2])["readinessProbe"]["periodSeconds"] = "5s"
    documents[2]["spec"]["rules"][0]["http"]["paths"][0]["pathType"] = None
    documents[3]["spec"]["selector"] = {"matchExpressions": [{"key": "x"}]}
    done = compile_types(documents, tmp_path)
    assert re.findall(r"^objects\.ts\((\d+),", done.stdout, re.MULTILINE) == ["2", "4", "6", "8"], done.stdout


def container(documents, kind="Deployment"):
    return one(documents, kind)["spec"]["template"]["spec"]["containers"][0]


def pod(documents):
    return one(documents, "Deployment")["spec"]["template"]["spec"]


BREAKS = {
    "uid 1000": lambda d: pod(d)["securityContext"].update(runAsUser=0),
    "seccomp": lambda d: pod(d)["securityContext"].pop("seccompProfile"),
    "token": lambda d: pod(d).pop("automountServiceAccountToken"),
    "can write": lambda d: container(d, "Job")["securityContext"].update(readOnlyRootFilesystem=False),
    "privileges": lambda d: container(d)["securityContext"].pop("capabilities"),
    "no resources": lambda d: container(d)["resources"].pop("limits"),
    "no version": lambda d: container(d).update(image="registry.invalid:5000/api:latest"),
    "a Secret in the tree": lambda d: d.append({"kind": "Secret", "metadata": {"name": "x"}}),
    "is a secret": lambda d: settings_of(d).update(DATABASE_URL="postgresql://x"),
    "from ConfigMap and Secret only": lambda d: container(d).update(env=[{"name": "LOG_LEVEL", "value": "debug"}]),
    "there is no ConfigMap": lambda d: container(d)["envFrom"][0]["configMapRef"].update(name="settings"),
    "every pod would migrate": lambda d: settings_of(d).pop("MIGRATE_ON_START"),
    "does not ask /health": lambda d: container(d)["livenessProbe"]["httpGet"].update(path="/ready"),
    "does not ask /ready": lambda d: container(d).pop("readinessProbe"),
    "asks a port": lambda d: container(d)["startupProbe"]["httpGet"].update(port="web"),
    "requests still come": lambda d: container(d).pop("lifecycle"),
    "killed before": lambda d: settings_of(d).update(SHUTDOWN_GRACE_SECONDS="28"),
    "Service: does not choose": lambda d: one(d, "Service")["spec"]["selector"].update({"app.kubernetes.io/name": "other"}),
    "PodDisruptionBudget: does not choose": lambda d: one(d, "PodDisruptionBudget")["spec"]["selector"].update(matchLabels={}),
    "no network policy": lambda d: next(x for x in d if x["kind"] == "NetworkPolicy")["spec"].update(policyTypes=["Ingress"]),
    "to the job": lambda d: one(d, "Service")["spec"]["selector"].pop("app.kubernetes.io/component"),
    "leads to a port": lambda d: one(d, "Service")["spec"]["ports"][0].update(targetPort="web"),
    "leads to no service": lambda d: one(d, "Ingress")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"].update(name="api"),
    "without name": lambda d: one(d, "Ingress")["spec"]["tls"][0].update(hosts=[]),
    "holds streams back": lambda d: one(d, "Ingress")["metadata"]["annotations"].pop("nginx.ingress.kubernetes.io/proxy-buffering"),
    "account": lambda d: pod(d).update(serviceAccountName="default"),
    "scales nothing": lambda d: one(d, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"].update(name="api"),
    "take all pods": lambda d: one(d, "HorizontalPodAutoscaler")["spec"].update(minReplicas=1),
    "undo": lambda d: one(d, "Deployment")["spec"].update(replicas=2),
    "is not requested": lambda d: container(d)["resources"]["requests"].pop("cpu"),
    "does not migrate once": lambda d: container(d, "Job").update(args=["serve"]),
    "another version": lambda d: container(d, "Job").update(image="registry.invalid/api:0.9.0"),
    "rights of the migration": lambda d: container(d)["envFrom"].append({"secretRef": {"name": "migrate-secrets"}}),
}


@pytest.mark.parametrize("word", BREAKS)
def test_what_breaks_a_rule_is_found(product, word):
    documents = copy.deepcopy(build(FOLDER / product))
    BREAKS[word](documents)
    assert any(word in finding for finding in wrong(documents, product)), wrong(documents, product)


@pytest.mark.parametrize("file, old, new, why", [
    ("PRODUCT/kustomization.yaml", "../base", "../bases", "does not exist"),
    ("base/kustomization.yaml", "service.yaml", "services.yaml", "does not exist"),
    ("PRODUCT/kustomization.yaml", "kind: Ingress", "kind: Gateway", "which there is none of"),
    ("PRODUCT/kustomization.yaml", "/spec/tls/0/hosts/0", "/spec/tls/1/hosts/0", "is not in"),
    ("PRODUCT/kustomization.yaml", "- name: api\n", "- name: apis\n", "no container has the image"),
    ("PRODUCT/kustomization.yaml", "settings.env", "setting.env", "does not exist"),
    ("PRODUCT/kustomization.yaml", "images:", "components: []\nimages:", "not known here"),
    ("base/network-policy.yaml", "name: migrate", "name: api", "two objects"),
])
def test_a_broken_overlay_does_not_build(product, tmp_path, file, old, new, why):
    shutil.copytree(FOLDER, tmp_path / "k")
    path = tmp_path / "k" / file.replace("PRODUCT", product)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(Broken, match=why):
        build(tmp_path / "k" / product)


def test_the_program_takes_the_settings(documents, product):
    """In production, with secrets of the right form."""
    secrets = {"DATABASE_URL": "postgresql://u:p@db/x", "REDIS_URL": "redis://u:p@redis:6379/0", "CLERK_SECRET_KEY": "sk_live_" + "Zm9v" * 10,
               "CLERK_WEBHOOK_SECRET": "whsec_" + "A" * 32, "METRICS_TOKEN": "m" * 32}
    done = subprocess.run([str(bin_dir() / f"{product}-api"), "check-config"], env={**settings_of(documents), **secrets}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout
    known = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/config.md").read_text(), re.MULTILINE))
    assert set(settings_of(documents)) <= known


def current_kubectl():
    """With the kustomize that is compared with: Debian 12 has one that is years older."""
    if shutil.which("kubectl") is None:
        return False
    said = subprocess.run(["kubectl", "version", "--client"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
    return re.search(r"Kustomize Version: v([5-9]|\d\d)\.", said) is not None


@pytest.mark.skipif(not current_kubectl(), reason="no kubectl with kustomize 5 here")
def test_kustomize_builds_the_same(documents, product):
    done = subprocess.run(["kubectl", "kustomize", str(FOLDER / product)], stdout=subprocess.PIPE, check=True, text=True, timeout=60)
    built = without_hashes(list(yaml.safe_load_all(done.stdout)))

    def in_order(these):
        return sorted(these, key=lambda document: (document["kind"], document["metadata"]["name"]))

    assert in_order(built) == in_order(documents)
