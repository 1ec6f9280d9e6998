"""What `kustomize build` makes of a folder, for the part of kustomize that deploy/kubernetes uses. Anything else is refused, so
that nothing is overlooked; where a kubectl is installed the test compares both."""

import copy
import re
from pathlib import Path

import yaml

KNOWN = {"apiVersion", "kind", "namespace", "namePrefix", "labels", "resources", "images", "configMapGenerator", "patches"}
TEMPLATED = {"Deployment", "Job"}
CLUSTER_KINDS = {"Namespace"}


class Broken(Exception):
    """The folder cannot be built."""


def load(path):
    if not path.exists():
        raise Broken(f"{path.name} does not exist")
    return [document for document in yaml.safe_load_all(path.read_text()) if document is not None]


def name_of(document):
    return document["kind"], document["metadata"]["name"]


def label(document, pairs):
    """On the object, its pods, and everything that chooses pods."""
    document["metadata"].setdefault("labels", {}).update(pairs)
    spec = document.get("spec", {})
    if document["kind"] in TEMPLATED:
        spec["template"]["metadata"].setdefault("labels", {}).update(pairs)
        for constraint in spec["template"]["spec"].get("topologySpreadConstraints", []):
            constraint["labelSelector"]["matchLabels"].update(pairs)
    if document["kind"] == "Service":
        spec["selector"].update(pairs)
    elif document["kind"] in ("Deployment", "PodDisruptionBudget"):
        spec["selector"]["matchLabels"].update(pairs)
    elif document["kind"] == "NetworkPolicy":
        spec["podSelector"]["matchLabels"].update(pairs)


def pod_of(document):
    return document["spec"]["template"]["spec"] if document["kind"] in TEMPLATED else None


def references(document):
    """(kind, the dictionary that holds the name, its key) of what an object names."""
    pod = pod_of(document)
    if pod:
        yield "ServiceAccount", pod, "serviceAccountName"
        for container in pod["containers"]:
            for source in container.get("envFrom", []):
                for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                    if key in source:
                        yield kind, source[key], "name"
    elif document["kind"] == "HorizontalPodAutoscaler":
        yield document["spec"]["scaleTargetRef"]["kind"], document["spec"]["scaleTargetRef"], "name"
    elif document["kind"] == "Ingress":
        for rule in document["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                yield "Service", path["backend"]["service"], "name"


def rename(documents, prefix):
    """Names, and names of what is among the documents."""
    own = {name_of(document) for document in documents}
    for document in documents:
        for kind, holder, key in references(document):
            if (kind, holder[key]) in own:
                holder[key] = prefix + holder[key]
    for document in documents:
        document["metadata"]["name"] = prefix + document["metadata"]["name"]


def set_images(documents, images):
    for image in images:
        containers = [container for document in documents if pod_of(document) for container in pod_of(document)["containers"]
                      if container["image"].split(":")[0] == image["name"]]
        if not containers:
            raise Broken(f"no container has the image {image['name']}")
        for container in containers:
            container["image"] = f"{image.get('newName', image['name'])}:{image['newTag']}"


def generate(folder, generator):
    data = {}
    for name in generator["envs"]:
        path = folder / name
        if not path.exists():
            raise Broken(f"{name} does not exist")
        for line in path.read_text().splitlines():
            if line and not line.startswith("#"):
                key, _, value = line.partition("=")
                data[key] = value
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": generator["name"]}, "data": data}


def apply_operation(document, operation):
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    holder = document
    try:
        for part in way:
            holder = holder[int(part) if isinstance(holder, list) else part]
        last = int(last) if isinstance(holder, list) else last
        holder[last]  # replace and remove want something to be there
    except (KeyError, IndexError, ValueError, TypeError):
        raise Broken(f"{operation['path']} is not in {'/'.join(name_of(document))}") from None
    if operation["op"] == "replace":
        holder[last] = operation["value"]
    elif operation["op"] == "remove":
        del holder[last]
    else:
        raise Broken(f"operation {operation['op']} is not known here")


def apply_patch(documents, patch):
    target = patch["target"]
    chosen = [document for document in documents if name_of(document) == (target["kind"], target["name"])]
    if not chosen:
        raise Broken(f"a patch is for {target['kind']}/{target['name']}, which there is none of")
    for document in chosen:
        for operation in yaml.safe_load(patch["patch"]):
            apply_operation(document, operation)


def build(folder):
    """The documents of a folder with a kustomization.yaml."""
    folder = Path(folder)
    (plan,) = load(folder / "kustomization.yaml")
    if unknown := set(plan) - KNOWN:
        raise Broken(f"{folder.name}: {', '.join(sorted(unknown))} is not known here")
    documents = []
    for resource in plan.get("resources", []):
        path = folder / resource
        documents += build(path) if path.is_dir() else load(path)
    for patch in plan.get("patches", []):
        apply_patch(documents, patch)
    documents += [generate(folder, generator) for generator in plan.get("configMapGenerator", [])]
    rename(documents, plan.get("namePrefix", ""))
    for document in documents:
        if "namespace" in plan and document["kind"] not in CLUSTER_KINDS:
            document["metadata"]["namespace"] = plan["namespace"]
        for entry in plan.get("labels", []):
            label(document, copy.deepcopy(entry["pairs"]))
    set_images(documents, plan.get("images", []))
    names = [name_of(document) for document in documents]
    if len(set(names)) != len(names):
        raise Broken("two objects have one name")
    return documents


def without_hashes(documents):
    """Generated names end with a hash of their content; the same documents without."""
    hashed = {document["metadata"]["name"]: re.sub(r"-[a-z0-9]{10}$", "", document["metadata"]["name"])
              for document in documents if document["kind"] == "ConfigMap"}
    for document in documents:
        document["metadata"]["name"] = hashed.get(document["metadata"]["name"], document["metadata"]["name"])
        for kind, holder, key in references(document):
            if kind == "ConfigMap":
                holder[key] = hashed.get(holder[key], holder[key])
    return documents
