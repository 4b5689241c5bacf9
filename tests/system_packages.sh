#!/usr/bin/env bash
# Installs what the tests need from Debian when it can, and says loudly what is missing when it cannot.
set -u
missing=()
command -v chromium >/dev/null || missing+=(chromium)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
command -v pdftotext >/dev/null || missing+=(poppler-utils)
command -v qpdf >/dev/null || missing+=(qpdf)
command -v systemd-analyze >/dev/null || missing+=(systemd)
{ command -v nginx || [ -x /usr/sbin/nginx ]; } >/dev/null || missing+=(nginx-light)
{ command -v node && command -v npm; } >/dev/null || missing+=(nodejs npm)
# The stand-in for Twilio, at the version and with the hashes that stand in package-lock.json; none of its scripts run.
peers() {
  cd "$(dirname "${BASH_SOURCE[0]}")/peers" || return 1
  [ node_modules/.package-lock.json -nt package-lock.json ] && return 0
  echo "Installing the stand-in for Twilio (once) ..."
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null && return 0
  echo "The tests need the npm package emulate: run npm ci --ignore-scripts in tests/peers and try again." >&2
  return 1
}
[ ${#missing[@]} -eq 0 ] && { peers; exit; }
if command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  echo "Installing ${missing[*]} ..."
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null && { peers; exit; }
fi
echo "The tests need these packages: ${missing[*]}. Install them (on Debian: apt-get install ${missing[*]}) and try again." >&2
exit 1
