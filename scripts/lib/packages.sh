# shellcheck shell=bash
# Debian packages of this machine, and minimal Debian systems from its mirrors. Needs common.sh.

FRESH=$DEV/fresh # where those systems are kept
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

debian_release() {
    local VERSION_ID='' ID=''
    # shellcheck source=/dev/null
    source /etc/os-release
    [[ $ID == debian && $VERSION_ID =~ ^1[23]$ ]] || die "this script knows Debian 12 and 13, not '$ID $VERSION_ID'"
    printf '%s\n' "$VERSION_ID"
}

# Names of the packages that are not installed.
missing_packages() {
    comm -23 <(printf '%s\n' "$@" | sort -u) \
        <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort -u)
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

# While packages are installed: no service starts and no system-wide Postgres cluster is made.
forbid_services() {
    [[ -e /usr/sbin/policy-rc.d ]] || {
        printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
        as_root chmod +x /usr/sbin/policy-rc.d
        undo+=(/usr/sbin/policy-rc.d)
    }
    [[ -e /etc/postgresql-common/createcluster.conf ]] || {
        as_root mkdir -p /etc/postgresql-common/createcluster.d
        echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.d/none.conf >/dev/null
        undo+=(/etc/postgresql-common/createcluster.d/none.conf)
    }
}

allow_services() {
    as_root rm -f "${undo[@]}"
}

install_packages() {
    local missing
    undo=()
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    say "installing ${#missing[@]} packages: ${missing[*]}"
    forbid_services
    trap allow_services EXIT
    if ! apt_install --simulate "${missing[@]}" >/dev/null 2>&1 || ! apt_install "${missing[@]}"; then
        as_root apt-get update -q
        apt_install "${missing[@]}"
    fi
    trap - EXIT
    allow_services
}

codename() {
    case $1 in
        12) echo bookworm ;;
        13) echo trixie ;;
        *) die "unknown release '$1': use 12 or 13" ;;
    esac
}

# "deb" lines of this machine's own Debian mirrors, for another release.
apt_sources() {
    local VERSION_CODENAME=''
    # shellcheck source=/dev/null
    source /etc/os-release
    # shellcheck disable=SC2016 # apt replaces these, not the shell
    apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT) $(IDENTIFIER)' |
        awk -v here="$VERSION_CODENAME" -v there="$1" \
            '$3 == "main" && $4 == "Packages" && $2 ~ "^" here {sub(here, there, $2); print "deb", $1, $2, $3}' | sort -u
}

# The address of the machine's own mirror, for the packages of a release.
debian_mirror() {
    apt_sources "$1" | awk -v name="$1" '$3 == name && !found {print $2; found = 1}'
}

# A minimal system as a tar file, made once.
make_base() {
    local name=$1 mirror
    [[ -s $FRESH/$name.tar ]] && return
    mkdir -p "$FRESH"
    say "$name: making the base system"
    mirror=$(debian_mirror "$name")
    rm -rf "$FRESH/$name.base"
    debootstrap --variant=minbase --keyring="$KEYRING" "$name" "$FRESH/$name.base" "$mirror" >"$FRESH/$name.log" 2>&1 || {
        tail -n 20 "$FRESH/$name.log" >&2
        die "debootstrap failed; its log is $FRESH/$name.log"
    }
    tar -C "$FRESH/$name.base" -cf "$FRESH/$name.tar.new" .
    mv "$FRESH/$name.tar.new" "$FRESH/$name.tar"
    rm -rf "$FRESH/$name.base"
}

# machine_settings NAME SYSTEM: what this machine needs to reach package registries, given to a system in that folder: apt's
# sources and transport settings, certificates.
machine_settings() {
    apt_sources "$1" >"$2/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::(http|https|Check-)' >"$2/etc/apt/apt.conf.d/99machine" || true
    cp /etc/ssl/certs/ca-certificates.crt "$2/etc/machine-certificates.crt"
}
