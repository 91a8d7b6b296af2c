#!/usr/bin/env bash
# Builds the project and runs its tests with the libtorch of another Debian release, in a chroot:
#   sudo test/campaigns/debian.sh trixie /var/tmp/trixie [tests, e.g. test/torch test/nn]
# The folder stays, so that the next run installs nothing; delete it when you are done. Needs
# debootstrap. Tests the last commit, not uncommitted changes.
set -euo pipefail

if [ $# -lt 2 ]; then
  echo "usage: $0 <suite> <folder> [tests]" >&2
  exit 2
fi
suite=$1 folder=$2
shift 2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
packages=(libtorch-dev libopenblas0-pthread g++ nodejs npm git ca-certificates)

if [ ! -e "$folder/etc/debian_version" ]; then
  debootstrap --variant=minbase "$suite" "$folder"
fi
# The configuration with which this machine reaches its package archives and the registry.
cp /etc/resolv.conf /etc/hosts "$folder/etc/"
[ ! -e /etc/npmrc ] || cp /etc/npmrc "$folder/etc/"
copied=()
for file in /root/.npmrc /etc/apt/apt.conf.d/99*; do
  [ -e "$file" ] || continue
  install -D "$file" "$folder$file"
  copied+=("$folder$file")
done

leave() {
  umount -l "$folder/proc" "$folder/dev" 2>/dev/null || true
  rm -f "${copied[@]}" # they may hold passwords
}
trap leave EXIT
mount -t proc proc "$folder/proc"
mount --rbind /dev "$folder/dev"
mount --make-rslave "$folder/dev" # so that unmounting it does not affect the machine's own

inside() { chroot "$folder" env DEBIAN_FRONTEND=noninteractive OMP_NUM_THREADS=1 "$@"; }
inside apt-get update -qq
inside apt-get install -qq -y --no-install-recommends "${packages[@]}" >/dev/null
certificates=/etc/ssl/certs/ca-certificates.crt
[ ! -e "$certificates" ] || cp "$certificates" "$folder$certificates"
rm -rf "$folder/cfcontra"
git clone -q "$here" "$folder/cfcontra"
inside sh -c 'cd /cfcontra && npm test -- "$@"' npm-test "$@"
