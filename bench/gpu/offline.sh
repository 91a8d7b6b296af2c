#!/usr/bin/env bash
# `npm run gpu` on a machine without Node, npm and a network, with python3, PyTorch and a C++ compiler:
#
#     npm run gpu -- pack                      where there is Node
#     bash bench/gpu/offline.sh 420            in a copy of the checkout with bench/gpu/trip
#
# The argument is the limit in seconds, which includes unpacking and building the addon; those after it go to
# `npm run gpu`. If OUT is set, results.json and log.txt are written to that folder.
set -u
limit=${1:-420}
shift || true
cd "$(dirname "$0")/../.." || exit 1
trip=bench/gpu/trip

if [ -e node_modules ] && [ ! -e node_modules/.unpacked ]; then
  echo "node_modules exists: this script is for a copy of the checkout without it; use npm run gpu" >&2
  exit 1
fi
if ! python3 - "$trip" <<'PYTHON'
import os, sys, tarfile

trip = sys.argv[1]
for name in ("node", "code"):
    with tarfile.open(os.path.join(trip, name + ".tar.xz")) as archive:
        archive.extractall(".", **({"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}))
open("node_modules/.unpacked", "w").close()
PYTHON
then
  echo "bench/gpu/trip cannot be unpacked: create it with npm run gpu -- pack" >&2
  exit 1
fi
export PATH="$PWD/$trip/bin:$PATH"
exec node bench/gpu/main.js --limit $((limit - SECONDS)) ${OUT:+--out "$OUT"} "$@"
