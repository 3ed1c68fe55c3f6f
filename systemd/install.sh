#!/bin/sh
# Install Haven as a service on Raspberry Pi OS or Debian: packages, /opt/haven, users, folders, units. Safe to run
# again: it updates the program and leaves settings, secrets and state alone.
#   sudo systemd/install.sh [--kiosk] [--dry-run]
set -eu

kiosk=no
dry_run=no
for option in "$@"; do
  case "$option" in
    --kiosk) kiosk=yes ;;
    --dry-run) dry_run=yes ;;
    *) echo "There is no option $option. Usage: sudo systemd/install.sh [--kiosk] [--dry-run]" >&2; exit 2 ;;
  esac
done

run() {
  echo "+ $*"
  if [ "$dry_run" = no ]; then "$@"; fi
}

if [ "$dry_run" = no ] && [ "$(id -u)" -ne 0 ]; then
  echo "This installs system packages and units, so it needs root. Run: sudo systemd/install.sh" >&2
  exit 1
fi
source=$(cd "$(dirname "$0")/.." && pwd)
units="$source/systemd"

packages="git bubblewrap util-linux sudo python3-venv python3-dev build-essential cmake"
if [ "$kiosk" = yes ]; then packages="$packages labwc foot wlopm fonts-dejavu-core"; fi
# shellcheck disable=SC2086  # a list of words
run apt-get install -y --no-install-recommends $packages

run install -d -m 0755 /opt/haven
if [ ! -x /opt/haven/.venv/bin/python ]; then run python3 -m venv /opt/haven/.venv; fi
# llama-cpp-python is compiled here the first time: some minutes on a Raspberry Pi.
run /opt/haven/.venv/bin/python -m pip install --upgrade -c "$source/requirements.lock" "$source"

run install -m 0644 "$units/haven.sysusers" /usr/lib/sysusers.d/haven.conf
run install -m 0644 "$units/haven.tmpfiles" /usr/lib/tmpfiles.d/haven.conf
run systemd-sysusers haven.conf
run systemd-tmpfiles --create haven.conf
run install -m 0755 "$units/haven-command" /usr/local/bin/haven
run install -m 0644 "$units/haven.service" /etc/systemd/system/haven.service

if [ "$kiosk" = yes ]; then
  run install -d -m 0755 /etc/haven-kiosk/labwc
  run install -m 0644 "$units/kiosk/labwc/rc.xml" /etc/haven-kiosk/labwc/rc.xml
  if [ ! -e /etc/haven-kiosk/foot.ini ]; then run install -m 0644 "$units/kiosk/foot.ini" /etc/haven-kiosk/foot.ini; fi
  run install -m 0755 "$units/kiosk/session" /etc/haven-kiosk/session
  run install -m 0644 "$units/haven-kiosk.service" /etc/systemd/system/haven-kiosk.service
  run install -m 0644 "$units/90-haven-backlight.rules" /etc/udev/rules.d/90-haven-backlight.rules
fi
run systemctl daemon-reload

echo
echo "Haven is installed. Next:"
echo "  haven setup                            answer what it asks; every step can be left out"
echo "  sudo systemctl enable --now haven      start it, now and after every boot"
if [ "$kiosk" = yes ]; then
  echo "  sudo systemctl enable --now haven-kiosk"
  echo "  sudo systemctl set-default graphical.target"
fi
echo "  haven doctor                           look whether all is well"
