#!/bin/bash
# Shows that a machine with only Python, make and a shell is enough: makes a bare Debian tree in a folder, copies what git would take of this
# repository into it, and there runs `make up` twice, until its first video plays, then `make test`. Needs root and debootstrap.
#   scripts/bare_machine.sh FOLDER [MAKE_TARGET...]      with targets, only these are run
# The tree is kept for the next time, with what apt installed in it; remove FOLDER for a bare one.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(realpath -m "${1:?usage: scripts/bare_machine.sh FOLDER [MAKE_TARGET...]}")
shift
tree=$folder/tree
media=$(realpath -m "${YEOUL_MEDIA:-../shared/media}")
release=bookworm

debian_mirror() {
    apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' | awk -v release=$release '$1 == release { print $2; exit }'
}

make_tree() {
    [ -e "$tree/etc/bare-machine" ] && return
    rm -rf "$tree"
    mkdir -p "$tree"
    debootstrap --variant=minbase --include=python3,python3-venv,make $release "$tree" "$(debian_mirror)" >"$folder/debootstrap.log"
    touch "$tree/etc/bare-machine"
}

# Names, certificates and index settings are the machine's own: the tree stands on the same network.
copy_network_settings() {
    cp -L /etc/resolv.conf /etc/hosts "$tree/etc/"
    cp -L /etc/ssl/certs/ca-certificates.crt "$tree/etc/machine-ca.pem"
    for file in /etc/pip.conf /etc/npmrc; do
        if [ -e "$file" ]; then
            sed 's#^\(ca[a-z]*\|cert\) *=.*#\1=/etc/machine-ca.pem#' "$file" >"$tree$file"
        fi
    done
}

copy_repository() {
    rm -rf "$tree/yeoul"
    mkdir -p "$tree/yeoul" "$tree/shared/media"
    # A file that is deleted but still in the index is not there to copy.
    git ls-files --cached --others --exclude-standard -z | while IFS= read -r -d '' file; do
        [ ! -e "$file" ] || printf '%s\0' "$file"
    done | tar --create --null --files-from=- | tar --extract --directory "$tree/yeoul"
}

# Runs a command in the tree. Its own mount and process namespaces: nothing stays mounted or running when it ends.
in_tree() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare --mount --pid --fork --kill-child bash -euc '
        mount --make-rprivate /
        mount -t proc proc "$1/proc"
        mount --rbind /dev "$1/dev"
        [ ! -d "$2" ] || mount --bind -o ro "$2" "$1/shared/media"
        tree=$1; shift 2
        exec chroot "$tree" "$@"' in_tree "$tree" "$media" \
        /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        PIP_CERT=/etc/machine-ca.pem SSL_CERT_FILE=/etc/machine-ca.pem NODE_EXTRA_CA_CERTS=/etc/machine-ca.pem \
        ${CI:+CI="$CI"} ${YEOUL_SERVER__PORT:+YEOUL_SERVER__PORT="$YEOUL_SERVER__PORT"} \
        sh -c 'cd /yeoul && exec "$@"' in_tree "$@"
}

make_tree
copy_network_settings
copy_repository
if [ $# -gt 0 ]; then
    in_tree make "$@"
    exit
fi
in_tree python3 scripts/try_make_up.py
in_tree python3 scripts/try_make_up.py
in_tree make test
