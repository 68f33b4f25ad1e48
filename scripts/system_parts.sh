#!/bin/sh
# Installs with apt what tests and benches need and pip cannot bring, when it may; says in one line what stays missing. Never fails: those tests skip themselves.
set -u

missing_packages() {
    command -v chromium >/dev/null || command -v google-chrome >/dev/null || command -v chromium-browser >/dev/null || echo chromium
    command -v firefox-esr >/dev/null || command -v firefox >/dev/null || echo firefox-esr
    command -v WebKitWebDriver >/dev/null || echo webkit2gtk-driver
    command -v Xvfb >/dev/null || echo xvfb
    command -v mpv >/dev/null || echo mpv
    command -v parec >/dev/null || echo pulseaudio pulseaudio-utils
    has_gstreamer || echo gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav
    command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || echo nginx
    command -v redis-server >/dev/null || echo redis-server
}

has_gstreamer() {
    for element in souphttpsrc hlsdemux dashdemux avdec_h264 avdec_aac matroskamux; do
        gst-inspect-1.0 --exists "$element" 2>/dev/null || return 1
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then env DEBIAN_FRONTEND=noninteractive "$@"; else sudo -n env DEBIAN_FRONTEND=noninteractive "$@"; fi
}

install_with_apt() {
    command -v apt-get >/dev/null || return 1
    as_root apt-get update -qq && as_root apt-get install -qq -y --no-install-recommends "$@"
}

packages=$(missing_packages | tr '\n' ' ')
[ -n "$packages" ] || exit 0
echo "installing with apt: $packages"
# shellcheck disable=SC2086 # the list is meant to be split
log=$(install_with_apt $packages 2>&1) || echo "$log" | tail -n 3
packages=$(missing_packages | tr '\n' ' ')
[ -z "$packages" ] || echo "missing, and tests that need it are skipped: $packages"
exit 0
