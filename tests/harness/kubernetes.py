"""What must hold of the objects of one product, beyond that Kubernetes knows their fields."""

from harness.kustomize import TEMPLATED, pod_of

UID = 1000
MARGIN_SECONDS = 5  # from the end of the drain to the kill


def of_kind(documents, kind):
    return [document for document in documents if document["kind"] == kind]


def one(documents, kind):
    (found,) = of_kind(documents, kind)
    return found


def labels_of(document):
    return document["spec"]["template"]["metadata"]["labels"]


def fits(selector, labels):
    return bool(selector) and selector.items() <= labels.items()


def settings_of(documents):
    return one(documents, "ConfigMap")["data"]


def check_pod(name, pod):
    context = pod.get("securityContext", {})
    if not context.get("runAsNonRoot") or context.get("runAsUser") != UID:
        yield f"{name}: does not run as uid {UID}"
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield f"{name}: has no seccomp profile"
    if pod.get("automountServiceAccountToken") is not False:
        yield f"{name}: gets a token of Kubernetes"
    for container in pod["containers"]:
        own = container.get("securityContext", {})
        if own.get("readOnlyRootFilesystem") is not True:
            yield f"{name}: can write to its image"
        if own.get("allowPrivilegeEscalation") is not False or own.get("capabilities", {}).get("drop") != ["ALL"] or own.get("privileged"):
            yield f"{name}: keeps privileges"
        resources = container.get("resources", {})
        if not {"cpu", "memory"} <= set(resources.get("requests", {})) or "memory" not in resources.get("limits", {}):
            yield f"{name}: has no resources"
        image, _, tag = container["image"].rpartition("/")[2].partition(":")
        if tag in ("", "latest") or not image:
            yield f"{name}: its image {container['image']} has no version"


def check_environment(documents, secret_names):
    maps = {document["metadata"]["name"]: document["data"] for document in of_kind(documents, "ConfigMap")}
    for document in of_kind(documents, "Secret"):
        yield f"{document['metadata']['name']}: a Secret in the tree"
    for name, data in maps.items():
        for key in sorted(set(data) & secret_names):
            yield f"{name}: {key} is a secret"
    for document in documents:
        for container in (pod_of(document) or {"containers": []})["containers"]:
            if container.get("env"):
                yield f"{document['metadata']['name']}: settings come from ConfigMap and Secret only"
            for source in container.get("envFrom", []):
                if "configMapRef" in source and source["configMapRef"]["name"] not in maps:
                    yield f"{document['metadata']['name']}: there is no ConfigMap {source['configMapRef']['name']}"
    if settings_of(documents).get("MIGRATE_ON_START") != "false":
        yield "every pod would migrate"


def check_probes(deployment, routes):
    (container,) = pod_of(deployment)["containers"]
    ports = {port["name"] for port in container["ports"]}
    for kind, route in (("startupProbe", "/health"), ("livenessProbe", "/health"), ("readinessProbe", "/ready")):
        asked = container.get(kind, {}).get("httpGet", {})
        if asked.get("path") != route or route not in routes:
            yield f"{kind}: does not ask {route}"
        if asked.get("port") not in ports:
            yield f"{kind}: asks a port that there is not"


def check_drain(documents):
    pod = pod_of(one(documents, "Deployment"))
    (container,) = pod["containers"]
    before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    drain = int(settings_of(documents).get("SHUTDOWN_GRACE_SECONDS", 20))
    if before < 5:
        yield "preStop: requests still come when the program drains"
    if before + drain + MARGIN_SECONDS > pod.get("terminationGracePeriodSeconds", 30):
        yield f"terminationGracePeriodSeconds: killed before {before} + {drain} s are over"


def check_selectors(documents):
    deployment = one(documents, "Deployment")
    labels = labels_of(deployment)
    chosen = [("Deployment", deployment["spec"]["selector"]["matchLabels"]), ("Service", one(documents, "Service")["spec"]["selector"]),
              ("PodDisruptionBudget", one(documents, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"])]
    for kind, selector in chosen:
        if not fits(selector, labels):
            yield f"{kind}: does not choose the pods"
    policies = of_kind(documents, "NetworkPolicy")
    for document in documents:
        if document["kind"] not in TEMPLATED:
            continue
        own = [policy for policy in policies if fits(policy["spec"]["podSelector"].get("matchLabels"), labels_of(document))]
        if not own or any(set(policy["spec"].get("policyTypes", [])) != {"Ingress", "Egress"} for policy in own):
            yield f"{document['metadata']['name']}: no network policy limits both directions"
    if fits(one(documents, "Service")["spec"]["selector"], labels_of(one(documents, "Job"))):
        yield "Service: requests would go to the job"


def check_links(documents):
    deployment, service = one(documents, "Deployment"), one(documents, "Service")
    (container,) = pod_of(deployment)["containers"]
    if {port["targetPort"] for port in service["spec"]["ports"]} - {port["name"] for port in container["ports"]}:
        yield "Service: leads to a port that there is not"
    ingress = one(documents, "Ingress")
    hosts = {rule["host"] for rule in ingress["spec"]["rules"]}
    for rule in ingress["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            backend = path["backend"]["service"]
            if backend["name"] != service["metadata"]["name"] or backend["port"]["name"] not in {port["name"] for port in service["spec"]["ports"]}:
                yield "Ingress: leads to no service"
    if any(host.endswith(".invalid") for host in hosts) or hosts != {host for entry in ingress["spec"].get("tls", []) for host in entry["hosts"]}:
        yield "Ingress: host without name or certificate"
    said = ingress["metadata"].get("annotations", {})
    if said.get("nginx.ingress.kubernetes.io/proxy-buffering") != "off" or int(said.get("nginx.ingress.kubernetes.io/proxy-read-timeout", 0)) < 30:
        yield "Ingress: holds streams back"
    if pod_of(deployment)["serviceAccountName"] not in {document["metadata"]["name"] for document in of_kind(documents, "ServiceAccount")}:
        yield "Deployment: its account is missing"


def check_scaling(documents):
    deployment, scaler = one(documents, "Deployment"), one(documents, "HorizontalPodAutoscaler")["spec"]
    if scaler["scaleTargetRef"]["name"] != deployment["metadata"]["name"]:
        yield "HorizontalPodAutoscaler: scales nothing"
    if scaler["minReplicas"] <= one(documents, "PodDisruptionBudget")["spec"]["maxUnavailable"]:
        yield "HorizontalPodAutoscaler: a node that goes may take all pods along"
    if "replicas" in deployment["spec"]:
        yield "Deployment: replicas undo what the autoscaler decided"
    requests = pod_of(deployment)["containers"][0].get("resources", {}).get("requests", {})
    if any(metric["resource"]["name"] not in requests for metric in scaler["metrics"]):
        yield "HorizontalPodAutoscaler: measures what is not requested"


def secrets_of(document):
    return {source["secretRef"]["name"] for container in pod_of(document)["containers"] for source in container["envFrom"] if "secretRef" in source}


def check_migration(documents):
    job, deployment = one(documents, "Job"), one(documents, "Deployment")
    (container,) = pod_of(job)["containers"]
    if container["args"] != ["migrate"] or pod_of(job)["restartPolicy"] != "Never":
        yield "Job: does not migrate once"
    if container["image"] != pod_of(deployment)["containers"][0]["image"]:
        yield "Job: migrates with another version"
    if not secrets_of(job) > secrets_of(deployment):
        yield "Deployment: has the rights of the migration"


def findings(documents, routes, secret_names):
    """What is wrong, as sentences. routes: paths of the API document; secret_names: settings that are secrets."""
    found = []
    for document in documents:
        if document["kind"] in TEMPLATED:
            found += check_pod(document["metadata"]["name"], pod_of(document))
    found += [*check_environment(documents, secret_names), *check_probes(one(documents, "Deployment"), routes), *check_drain(documents)]
    return [*found, *check_selectors(documents), *check_links(documents), *check_scaling(documents), *check_migration(documents)]
